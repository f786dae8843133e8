// The few hot pixel loops, in C so that they are fast in debug builds too.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Repeats the last column and the last row of an 8-bit RGB image (`width`×`height`, `stride` bytes a row) until it
/// fills `padded_width`×`padded_height`.
void pixels_pad_edges(uint8_t *rgb, int width, int height, int padded_width, int padded_height, size_t stride);

/// Splits interleaved RGBA into interleaved RGB and a plane of `width` × `height` alpha bytes without gaps. Strides in
/// bytes.
void pixels_split_alpha(const uint8_t *rgba, size_t rgba_stride, uint8_t *rgb, size_t rgb_stride, uint8_t *alpha,
                        int width, int height);

/// Joins interleaved RGB and a plane of alpha bytes without gaps (NULL: opaque) into interleaved RGBA. Strides in bytes.
void pixels_merge_alpha(const uint8_t *rgb, size_t rgb_stride, const uint8_t *alpha, uint8_t *rgba, size_t rgba_stride,
                        int width, int height);

/// Gives every pixel of alpha 0 the colour of the nearest one that is opaque enough to have a true one (alpha of at
/// least 16, or over 0 where there is none); grey where all is transparent. Alpha and all other colours stay.
/// Distances are those of Danielsson's sweeps ("Euclidean distance mapping", 1980). `scratch` holds `width` × `height`
/// numbers. What is farther than 16382 pixels from any stays grey too.
void pixels_fill_transparent(uint8_t *rgba, size_t stride, int width, int height, int32_t *scratch);

/// Shrinks an 8-bit RGB image by averaging `factor`×`factor` blocks (2, 4 or 8) into `reduced_width`×`reduced_height`
/// RGBX pixels (four bytes, X is 0) and their BT.709 luma, both without gaps between rows. Beyond the right and
/// the bottom of the image its edge is repeated. `sums` holds `reduced_width * factor * 3` numbers between rows.
void pixels_reduce(
    const uint8_t *rgb, int width, int height, size_t stride, int factor, uint8_t *rgbx, uint8_t *luma,
    int reduced_width, int reduced_height, uint16_t *sums);

/// Sum of absolute differences of two byte arrays.
uint64_t pixels_absolute_difference(const uint8_t *a, const uint8_t *b, size_t count);

/// How far each pixel's past may be trusted, 0…1: visibility exp(−`alpha`·‖I_t − W(I_{t−1})‖²) (RGB on 0…1) times the
/// forward–backward check of Sundaram et al. (ECCV 2010): 0 where |b + f|² > 0.01(|b|² + |f|²) + `tolerance`
/// or where the source lies outside the picture. `backward` leads from this picture to the previous one, `forward` the
/// other way (pairs dx, dy in pixels of these images). Where the previous picture fits
/// better at the same place (half the difference over 3×3 pixels), `backward` is set to 0: flow spills from
/// moving things onto what stands still beside them. Weights within 2 pixels of places without a visible past
/// are lowered. Returns the mean of the written weights over the visible `visible_width`×`visible_height` pixels.
double pixels_visibility(
    float *backward, const float *forward, const uint8_t *rgbx, const uint8_t *previous_rgbx, int width, int height,
    int visible_width, int visible_height, float alpha, float tolerance, float *weight, float *scratch);
size_t pixels_visibility_scratch_count(int width, int height);

/// Numbers in the kernel table and in the scratch of `pixels_blend_warped`.
enum { pixels_cubic_phases = 64, pixels_cubic_kernel_count = pixels_cubic_phases * 20 };
size_t pixels_warp_scratch_count(int width, int factor);
/// Fills the table of cubic convolution weights (Keys 1981) with parameter `a`, for every 1/64 pixel.
void pixels_cubic_kernel(float a, float *kernel);

/// An 8-bit RGB picture in memory.
typedef struct pixels_picture {
    uint8_t *rgb;
    size_t stride;  ///< Bytes from one row to the next.
} pixels_picture;

/// A motion field at 1/`factor` of the picture's size, rows without gaps.
typedef struct pixels_motion {
    const float *flow;    ///< Pairs (dx, dy) in pixels of the reduced size, from this picture to the previous one.
    const float *weight;  ///< 0…1.
    int width, height, factor;
} pixels_motion;

/// `out = drawn + w·(W(history) − drawn)`: W the bicubic backward warp by the bilinearly enlarged flow, w the enlarged
/// weight times `strength` over 1 + `doubt`·‖W(history) − drawn‖² (RGB on 0…1): what differs much is not flicker but
/// something else. Movements of less than `still` pixels in both directions count as none. All
/// pictures are `width`×`height`; 16 bytes behind the end of `history` may be read and one behind `out` written.
void pixels_blend_warped(
    pixels_picture drawn, pixels_picture history, pixels_picture out, int width, int height, pixels_motion motion,
    float strength, float still, float doubt, const float *kernel, float *scratch);

/// Repeats a picture of `width`×`height` pixels in both directions over `out`, whose column `left` and row `top` are the
/// picture's first.
void pixels_wrap(
    pixels_picture picture, int width, int height, pixels_picture out, int out_width, int out_height, int left, int top);

/// Cuts one repeat of `width`×`height` out of the drawing of a repeated picture, from column `left` and row `top` on.
/// Its first `fade_x` columns and `fade_y` rows are cross-faded from the repeat that follows, so that they go on from the
/// last ones as the drawing itself does: these columns and rows must be there behind it.
void pixels_unwrap(
    pixels_picture drawing, int left, int top, pixels_picture out, int width, int height, int fade_x, int fade_y);

/// `out = original + strength·(drawn − original)`, `strength` 0…256 (256 is all of the drawing).
void pixels_blend(
    pixels_picture original, pixels_picture drawn, pixels_picture out, int width, int height, int strength);

/// The luma of the drawing (BT.709 weights) with the chroma of the original: `out = original + (Y_drawn − Y_original)`
/// in each channel, clipped. With `strength` 0…256 as in `pixels_blend`.
void pixels_keep_chroma(
    pixels_picture original, pixels_picture drawn, pixels_picture out, int width, int height, int strength);

/// What `pixels_warping_error` adds up.
typedef struct pixels_error_sums {
    double error, count;            ///< Over visible pixel-channels.
    double calm_error, calm_count;  ///< Over those of them where the input is calm.
    double unmoved_error;           ///< Over those of them where the input is unmoved, along the flow …
    double unmoved_change;          ///< … and at the same place.
    double unmoved_count;
} pixels_error_sums;

/// Adds to `sums` the squared difference between a picture and its predecessor warped to it (bilinear), on 0…1, where
/// the input's flow is consistent in both directions. A pixel is calm where the input changes by less than `calm` along
/// the same flow, ‖I_t − W(I_{t−1})‖² (RGB on 0…1); it is unmoved where it does so at the same place, ‖I_t − I_{t−1}‖².
void pixels_warping_error(
    pixels_picture stylized, pixels_picture previous_stylized, pixels_picture input, pixels_picture previous_input,
    int width, int height, const float *backward, const float *forward, float calm, pixels_error_sums *sums);

/// Writes the BT.709 luma of an 8-bit RGB picture, without gaps between rows.
void pixels_luma(pixels_picture picture, int width, int height, uint8_t *luma);

/// Mean gradient magnitude of the luma of a picture in levels: mean of √(dx² + dy²), forward differences.
double pixels_gradient(const uint8_t *luma, int width, int height);

/// Sum of squared differences of two 8-bit RGB pictures, in levels.
double pixels_squared_difference(pixels_picture a, pixels_picture b, int width, int height);
/// Turns `count` interleaved numbers into levels: value·`scale` + `offset`, rounded, clipped to 0…255.
void pixels_from_floats(const float *values, uint8_t *rgb, size_t count, float scale, float offset);

/// The same for `pixels` pixels of three planes that lie `plane` numbers apart.
void pixels_from_planes(const float *planes, size_t plane, uint8_t *rgb, size_t pixels, float scale, float offset);

/// Adds a row of `pixels` pixels, as levels clipped to 0…255 and times `weights`·`row_weight`, to interleaved sums.
/// A value lies at pixel·`pixel_stride` + channel·`channel_stride`.
void pixels_add_weighted(const float *values, size_t pixel_stride, size_t channel_stride, const float *weights,
                         float row_weight, float *sums, size_t pixels, float scale, float offset);

/// Sum of products of two rows of numbers.
double pixels_dot(const float *a, const float *b, size_t count);

/// A rectangle of planes that lie behind one another without gaps; at most 4,096 numbers wide.
typedef struct pixels_window {
    int plane_width, plane_height, x, y, width, height;
} pixels_window;

/// Mean and standard deviation over a window of each of `channels` planes.
void pixels_window_statistics(const float *values, int channels, pixels_window window, float *mean, float *deviation);

/// Adds `scale`·F·Fᵀ to `sums` (channels × channels), F being `channels` rows of `positions` numbers.
void pixels_add_gram(const float *values, int channels, size_t positions, double scale, double *sums);

/// (aᵢ·bⱼ/`length` + 1)³ for all rows of `a` and `b`, `length` numbers each (at most 4,096), into a_count × b_count
/// numbers.
void pixels_cubic_similarities(
    const float *a, size_t a_count, const float *b, size_t b_count, size_t length, float *similarities);

/// Writes the BT.601 luma of an 8-bit RGB picture into all three channels of another without gaps between rows.
void pixels_grey(const uint8_t *rgb, size_t stride, uint8_t *grey, int width, int height);

/// Gradient magnitudes are counted in steps of a quarter level: up to √2·255.
enum { pixels_gradient_steps = 4, pixels_gradient_bins = 361 * pixels_gradient_steps };
/// Adds up how often each gradient magnitude √(dx² + dy²) of the luma occurs, forward differences.
void pixels_count_gradients(const uint8_t *luma, int width, int height, uint64_t *counts);

/// For every 5×5 square whose luma spans at least `contrast` levels: adds the largest difference of two neighbours in
/// it over that span to `sum`, and 1 to `count`.
void pixels_edge_sharpness(const uint8_t *luma, int width, int height, int contrast, double *sum, uint64_t *count);

/// Adds bell-shaped noise (the sum of four uniforms) with a standard deviation in levels, the same for the same seed.
void pixels_add_noise(pixels_picture picture, int width, int height, float deviation, uint64_t seed);
