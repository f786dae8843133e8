// SwiftPM wants one source file; the interface itself is only a header, and its other side a library opened at run time.
#include "CTorch.h"
