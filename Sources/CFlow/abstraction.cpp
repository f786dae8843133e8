// Photographs made simpler, as training's first idea of a drawing: flat regions and ink lines.
#include "CFlow.h"
#include "guarded.hpp"

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

namespace {
/// Brush strokes: each pixel becomes the mean of the calmest of the four squares that it is a corner of (Kuwahara et al.,
/// 1976), softly chosen: squares count with their deviation to the power of −8 (after Papari, Petkov & Campisi, "Artistic
/// Edge and Corner Enhancing Smoothing", IEEE TIP 2007).
cv::Mat brushed(const cv::Mat &picture, int radius) {
    constexpr float least = 1.0f / 2500;  // the variance of 2 % of the range: squares below it are alike
    cv::Mat colors, grey, sum, weights;
    picture.convertTo(colors, CV_32FC3, 1.0 / 255);
    cv::cvtColor(colors, grey, cv::COLOR_RGB2GRAY);
    const cv::Mat squares = grey.mul(grey);
    sum = cv::Mat::zeros(picture.size(), CV_32FC3);
    weights = cv::Mat::zeros(picture.size(), CV_32F);
    const cv::Size side(radius + 1, radius + 1);
    for (const cv::Point &corner : {cv::Point(0, 0), {radius, 0}, {0, radius}, {radius, radius}}) {
        cv::Mat mean, luminance, variance;
        cv::boxFilter(colors, mean, -1, side, corner);
        cv::boxFilter(grey, luminance, -1, side, corner);
        cv::boxFilter(squares, variance, -1, side, corner);
        variance -= luminance.mul(luminance);
        sum.forEach<cv::Vec3f>([&](cv::Vec3f &total, const int *place) {
            const float spread = std::max(variance.at<float>(place[0], place[1]), 0.0f) + least;
            const float weight = least * least * least * least / (spread * spread * spread * spread);
            total += mean.at<cv::Vec3f>(place[0], place[1]) * weight;
            weights.at<float>(place[0], place[1]) += weight;
        });
    }
    sum.forEach<cv::Vec3f>([&](cv::Vec3f &total, const int *place) {
        total /= std::max(weights.at<float>(place[0], place[1]), 1e-30f);
    });
    sum.convertTo(sum, CV_8UC3, 255);
    return sum;
}

/// Regions of one colour: bilateral smoothing, mean shift (Comaniciu & Meer, 2002), brush strokes, and luminance drawn
/// towards a few levels (Winnemöller, Olsen & Gooch, SIGGRAPH 2006, Eq. 3).
cv::Mat flattened(const cv::Mat &picture, const flow_abstraction &settings) {
    cv::Mat smooth = picture, next;
    for (int i = 0; i < settings.smoothing_rounds; i++) {
        cv::bilateralFilter(smooth, next, 9, settings.smoothing_color, settings.smoothing_space);
        cv::swap(smooth, next);
        next = cv::Mat();
    }
    if (settings.region_space > 0) {
        cv::pyrMeanShiftFiltering(smooth, next, settings.region_space, settings.region_color, 1);
        smooth = cv::Mat();  // not written into: without a round above it is the photograph itself
        cv::bilateralFilter(next, smooth, 7, 18, 3);
    }
    if (settings.brush > 0) smooth = brushed(smooth, settings.brush);
    if (settings.levels == 0) return smooth;
    cv::Mat lab;
    smooth.convertTo(lab, CV_32FC3, 1.0 / 255);
    cv::cvtColor(lab, lab, cv::COLOR_RGB2Lab);
    const float step = 100.0f / static_cast<float>(settings.levels);
    lab.forEach<cv::Vec3f>([&](cv::Vec3f &pixel, const int *) {
        const float nearest = (std::floor(pixel[0] / step) + 0.5f) * step;
        pixel[0] = nearest + step / 2 * std::tanh(settings.level_sharpness * (pixel[0] - nearest) / step);
    });
    cv::cvtColor(lab, lab, cv::COLOR_Lab2RGB);
    lab.convertTo(next, CV_8UC3, 255);
    return next;
}

/// The mean of `values` along the direction of edges, to both sides, weighted by a Gaussian of deviation 3 pixels.
cv::Mat along_edges(const cv::Mat &values, const cv::Mat &luminance) {
    cv::Mat dx, dy, xx, xy, yy;
    cv::Sobel(luminance, dx, CV_32F, 1, 0);
    cv::Sobel(luminance, dy, CV_32F, 0, 1);
    cv::GaussianBlur(dx.mul(dx), xx, {}, 2);
    cv::GaussianBlur(dx.mul(dy), xy, {}, 2);
    cv::GaussianBlur(dy.mul(dy), yy, {}, 2);
    cv::Mat direction(luminance.size(), CV_32FC2);
    direction.forEach<cv::Vec2f>([&](cv::Vec2f &at, const int *place) {
        const auto here = cv::Point(place[1], place[0]);
        const float angle = 0.5f * std::atan2(2 * xy.at<float>(here), xx.at<float>(here) - yy.at<float>(here));
        at = {-std::sin(angle), std::cos(angle)};
    });
    cv::Mat result(values.size(), CV_32F);
    const int width = values.cols, height = values.rows;
    result.forEach<float>([&](float &sum, const int *place) {
        sum = values.at<float>(place[0], place[1]);
        float weights = 1;
        for (int side = -1; side <= 1; side += 2) {
            float x = static_cast<float>(place[1]), y = static_cast<float>(place[0]);
            cv::Vec2f ahead = direction.at<cv::Vec2f>(place[0], place[1]) * side;
            for (int step = 1; step <= 6; step++) {
                x = std::min(std::max(x + ahead[0], 0.0f), static_cast<float>(width - 1));
                y = std::min(std::max(y + ahead[1], 0.0f), static_cast<float>(height - 1));
                const int column = cvRound(x), row = cvRound(y);
                const float weight = std::exp(-static_cast<float>(step * step) / 18);
                sum += weight * values.at<float>(row, column);
                weights += weight;
                const cv::Vec2f next = direction.at<cv::Vec2f>(row, column);
                ahead = next.dot(ahead) < 0 ? -next : next;
            }
        }
        sum /= weights;
    });
    return result;
}

/// Ink on the dark side of edges, 0…1: a difference of Gaussians, smoothed along the edges (Kang, Lee & Chui, "Coherent
/// Line Drawing", NPAR 2007), thresholded softly; short pieces and lines on white are left out.
cv::Mat inked(const cv::Mat &picture, const cv::Mat &flat, const flow_abstraction &settings) {
    cv::Mat sharp, mixed, luminance, fine, coarse, around;
    cv::bilateralFilter(picture, sharp, 7, 25, 3);
    cv::addWeighted(flat, 0.7, sharp, 0.3, 0, mixed);
    cv::cvtColor(mixed, mixed, cv::COLOR_RGB2Lab);
    cv::extractChannel(mixed, luminance, 0);
    luminance.convertTo(luminance, CV_32F, 100.0 / 255);
    cv::GaussianBlur(luminance, fine, {}, settings.line_scale);
    cv::GaussianBlur(luminance, coarse, {}, settings.line_scale * 1.6);
    cv::GaussianBlur(luminance, around, {}, 0.8);
    cv::Mat difference = fine - coarse;
    cv::Mat lines = along_edges(difference, around);
    lines.forEach<float>([&](float &value, const int *) {
        const float below = settings.line_threshold - value;
        value = below > 0 ? 1 - std::exp(-1.5f * settings.line_sharpness * below) : 0;
    });
    cv::Mat labels, stats, centroids;
    cv::connectedComponentsWithStats(lines > 0.15, labels, stats, centroids, 8);
    cv::GaussianBlur(luminance, around, {}, 2);
    lines.forEach<float>([&](float &value, const int *place) {
        const int label = labels.at<int>(place[0], place[1]);
        if (label != 0 && stats.at<int>(label, cv::CC_STAT_AREA) < settings.line_least_area) value = 0;
        value *= std::min(std::max((96 - around.at<float>(place[0], place[1])) / 22, 0.0f), 1.0f);
    });
    cv::GaussianBlur(lines, lines, {}, 0.5);
    return lines;
}
}  // namespace

extern "C" int flow_abstract(
    const uint8_t *rgb, int width, int height, size_t stride, const flow_abstraction *settings, uint8_t *flat,
    uint8_t *lines) {
    return guarded([&] {
        const cv::Mat picture(height, width, CV_8UC3, const_cast<uint8_t *>(rgb), stride);
        const cv::Mat regions = flattened(picture, *settings);
        regions.copyTo(cv::Mat(height, width, CV_8UC3, flat));
        inked(picture, regions, *settings).convertTo(cv::Mat(height, width, CV_8U, lines), CV_8U, 255);
    });
}
