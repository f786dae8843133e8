#include "CFlow.h"
#include "guarded.hpp"

#include <opencv2/core.hpp>
#include <opencv2/video/tracking.hpp>
#include <cstring>

struct flow_dis {
    cv::Ptr<cv::DISOpticalFlow> search;
    cv::Mat flow;
};

namespace {
/// OpenCV's const-less view of foreign memory; only read.
cv::Mat view(const uint8_t *bytes, int width, int height, size_t stride) {
    return cv::Mat(height, width, CV_8UC1, const_cast<uint8_t *>(bytes), stride);
}
}  // namespace

extern "C" const char *flow_last_error(void) { return last_error.c_str(); }

extern "C" void flow_use_one_thread(void) {
    // Once: each call ends OpenCV's arena of threads and begins another, and two at the same time crash.
    static const int once = guarded([] { cv::setNumThreads(1); });
    (void)once;
}

extern "C" int flow_dis_create(const flow_dis_settings *settings, flow_dis **estimator) {
    return guarded([&] {
        auto search = cv::DISOpticalFlow::create(cv::DISOpticalFlow::PRESET_ULTRAFAST);
        search->setFinestScale(settings->finest_scale);
        search->setPatchSize(settings->patch_size);
        search->setPatchStride(settings->patch_stride);
        search->setGradientDescentIterations(settings->gradient_descent_iterations);
        search->setVariationalRefinementIterations(settings->variational_refinement_iterations);
        search->setUseMeanNormalization(settings->mean_normalization != 0);
        search->setUseSpatialPropagation(settings->spatial_propagation != 0);
        *estimator = new flow_dis{search, cv::Mat()};
    });
}

extern "C" void flow_dis_destroy(flow_dis *estimator) { delete estimator; }

extern "C" int flow_dis_compute(
    flow_dis *estimator, const uint8_t *from, const uint8_t *to, int width, int height, size_t stride, float *flow) {
    return guarded([&] {
        // OpenCV takes the content of a fitting flow matrix as first guess, and reallocates any other: so the result
        // lands in a matrix of the estimator's own, zeroed first (the same pair always gives the same flow).
        estimator->flow.create(height, width, CV_32FC2);
        estimator->flow.setTo(cv::Scalar::all(0));
        estimator->search->calc(view(from, width, height, stride), view(to, width, height, stride), estimator->flow);
        const size_t row = static_cast<size_t>(width) * 2;
        for (int y = 0; y < height; y++)
            std::memcpy(flow + y * row, estimator->flow.ptr<float>(y), row * sizeof(float));
    });
}

extern "C" int flow_farneback_compute(
    const uint8_t *from, const uint8_t *to, int width, int height, size_t stride, float *flow) {
    return guarded([&] {
        cv::Mat result;
        cv::calcOpticalFlowFarneback(
            view(from, width, height, stride), view(to, width, height, stride), result, /* pyramid scale */ 0.5,
            /* levels */ 5, /* window */ 15, /* iterations */ 3, /* neighbourhood */ 5, /* its sigma */ 1.2, 0);
        const size_t row = static_cast<size_t>(width) * 2;
        for (int y = 0; y < height; y++) std::memcpy(flow + y * row, result.ptr<float>(y), row * sizeof(float));
    });
}
