#pragma once
#include <opencv2/core.hpp>
#include <exception>
#include <string>

inline thread_local std::string last_error;

/// Runs `body` and turns whatever it throws into a return code: nothing may unwind through a Swift frame.
template <typename Body>
int guarded(Body body) noexcept {
    try {
        body();
        return 0;
    } catch (const cv::Exception &error) {
        last_error = error.err.empty() ? error.what() : error.err + " (" + error.func + ")";
    } catch (const std::exception &error) {
        last_error = error.what();
    } catch (...) {
        last_error = "unknown C++ exception";
    }
    return 1;
}
