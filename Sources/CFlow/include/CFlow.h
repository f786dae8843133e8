// Dense optical flow (OpenCV) behind a C interface. No exception leaves it: every call returns 0 or an error code,
// and flow_last_error() has the library's own words for the last failure on this thread.
#pragma once
#ifdef __cplusplus
extern "C" {
#endif

const char *flow_last_error(void);

#ifdef __cplusplus
}
#endif
