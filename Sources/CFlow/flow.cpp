#include "CFlow.h"

#include <opencv2/core.hpp>
#include <string>

namespace {
thread_local std::string last_error;
}

extern "C" const char *flow_last_error(void) { return last_error.c_str(); }
