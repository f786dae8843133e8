// Dense optical flow (OpenCV) behind a C interface. No exception leaves it: every call returns 0 or an error code,
// and flow_last_error() has the library's own words for the last failure on this thread.
#pragma once
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

const char *flow_last_error(void);

/// Keeps OpenCV to one thread in the whole process, so that flow never takes cores from the generator.
void flow_use_one_thread(void);

/// Dense Inverse Search (Kroeger et al., ECCV 2016) with the buffers of its pyramid. One thread at a time.
typedef struct flow_dis flow_dis;

/// The settings of cv::DISOpticalFlow that decide between speed and quality.
typedef struct flow_dis_settings {
    int finest_scale;                       ///< Pyramid level where the search ends; 0 is the size of the images.
    int patch_size;                         ///< Side of a patch in pixels.
    int patch_stride;                       ///< Pixels between patches; below patch_size.
    int gradient_descent_iterations;        ///< Steps of the patch search on each level.
    int variational_refinement_iterations;  ///< Steps of the smoothing refinement on each level; 0 for none.
    int mean_normalization;                 ///< Not 0: patches are compared without their mean, for changing light.
    int spatial_propagation;                ///< Not 0: good flow vectors are handed to neighbouring patches.
} flow_dis_settings;

/// Makes an estimator, owned by the caller. Ends with flow_dis_destroy.
int flow_dis_create(const flow_dis_settings *settings, flow_dis **estimator);
void flow_dis_destroy(flow_dis *estimator);
/// Finds for each pixel of `from` where it lies in `to`: writes `width`×`height` pairs (dx, dy) in pixels without gaps.
/// The images are 8-bit grey with `stride` bytes a row.
int flow_dis_compute(
    flow_dis *estimator, const uint8_t *from, const uint8_t *to, int width, int height, size_t stride, float *flow);

/// Farnebäck's polynomial expansion flow (SCIA 2003), another family than DIS: the judge. Layout as above.
int flow_farneback_compute(
    const uint8_t *from, const uint8_t *to, int width, int height, size_t stride, float *flow);

/// How `flow_abstract` simplifies a photograph. Colours count 0…255, luminance 0…100, lengths in pixels.
typedef struct flow_abstraction {
    int smoothing_rounds;  ///< Of the bilateral filter.
    float smoothing_color, smoothing_space;
    float region_space, region_color;  ///< Radii of mean shift; no mean shift where the first is 0.
    int brush;                         ///< Radius of Kuwahara's filter; 0 for none.
    int levels;                        ///< That luminance is drawn towards; 0 leaves it alone.
    float level_sharpness;
    float line_scale;      ///< Deviation of the finer Gaussian: how thick lines are.
    float line_threshold;  ///< Below 0; nearer to it there are more lines.
    float line_sharpness;
    int line_least_area;  ///< Pieces of line with fewer pixels are left out.
} flow_abstraction;

/// Makes flat regions (8-bit RGB) and ink lines (8 bits, 255 is full ink) of a photograph, both without gaps between rows.
int flow_abstract(
    const uint8_t *rgb, int width, int height, size_t stride, const flow_abstraction *settings, uint8_t *flat,
    uint8_t *lines);

#ifdef __cplusplus
}
#endif
