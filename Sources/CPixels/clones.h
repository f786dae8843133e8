// Loops marked so are compiled for three generations of x86-64, and the best one is chosen when the program starts.
#pragma once
#if defined(__x86_64__) && defined(__linux__)
#define CLONES __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define CLONES
#endif
#define INLINED static inline __attribute__((always_inline))
