// Synthetic media and fakes shared by the tests.
