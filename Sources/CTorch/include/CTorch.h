// libtorch behind one table of functions, so that nothing links against it: `ctorch.cpp` becomes a library of its own
// (`make training`) that the training commands open at run time and ask for this table.
//
// A tensor is an opaque handle that its receiver frees with `release`. Functions that make a tensor return NULL on
// failure, others a code that is not 0; `last_error` then has libtorch's own words, for the calling thread.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __clang__
#pragma clang assume_nonnull begin
#define CTORCH_NULLABLE _Nullable
#define CTORCH_NONNULL _Nonnull
#else
#define CTORCH_NULLABLE
#define CTORCH_NONNULL
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ctorch_tensor ctorch_tensor;
typedef struct ctorch_group ctorch_group;

/// Changes whenever the table does: a library of another version is refused.
enum { ctorch_version = 3 };

enum ctorch_device { ctorch_cpu = 0, ctorch_cuda = 1 };

/// One tensor in, one of the same shape out.
enum ctorch_unary {
    ctorch_negative, ctorch_absolute, ctorch_square, ctorch_square_root, ctorch_exponential, ctorch_logarithm,
    ctorch_hyperbolic_tangent, ctorch_relu,
    ctorch_detach, ctorch_clone, ctorch_channels_last, ctorch_float32,
};
/// Two tensors, broadcast to one shape. `matrix_product` multiplies the last two dimensions.
enum ctorch_binary {
    ctorch_add, ctorch_subtract, ctorch_multiply, ctorch_divide, ctorch_maximum, ctorch_minimum, ctorch_matrix_product,
};
/// A tensor and a number.
enum ctorch_scalar {
    ctorch_add_number, ctorch_multiply_number, ctorch_power, ctorch_leaky_relu, ctorch_at_least, ctorch_at_most,
};
enum ctorch_reduction { ctorch_sum, ctorch_mean };
enum ctorch_padding { ctorch_constant, ctorch_reflect, ctorch_replicate, ctorch_circular };

typedef struct ctorch_functions {
    int version;
    const char *CTORCH_NONNULL (*CTORCH_NONNULL last_error)(void);
    /// libtorch's version.
    const char *CTORCH_NONNULL (*CTORCH_NONNULL torch_version)(void);
    int (*CTORCH_NONNULL cuda_device_count)(void);
    void (*CTORCH_NONNULL set_threads)(int count);
    /// Seeds the generator that `uniform` and `normal` draw from.
    int (*CTORCH_NONNULL seed)(uint64_t seed);
    /// Whether operations are recorded for `backward`; returns what it was. Per thread.
    int (*CTORCH_NONNULL record_gradients)(int enabled);
    /// bfloat16 where operators allow it, for the calling thread. Turning it off also drops the cache of cast weights.
    int (*CTORCH_NONNULL autocast)(int device, int enabled);
    /// Whether the device has instructions for bfloat16: on one without, a convolution took 36 times as long.
    int (*CTORCH_NONNULL has_bfloat16)(int device);

    // Tensors, float32 unless said otherwise.
    ctorch_tensor *CTORCH_NULLABLE (*CTORCH_NONNULL from_floats)(const float *values, const int64_t *shape, int rank, int device);
    /// Bytes become numbers 0…255.
    ctorch_tensor *CTORCH_NULLABLE (*CTORCH_NONNULL from_bytes)(const uint8_t *values, const int64_t *shape, int rank, int device);
    ctorch_tensor *CTORCH_NULLABLE (*CTORCH_NONNULL full)(double value, const int64_t *shape, int rank, int device);
    ctorch_tensor *CTORCH_NULLABLE (*CTORCH_NONNULL uniform)(const int64_t *shape, int rank, int device);
    ctorch_tensor *CTORCH_NULLABLE (*CTORCH_NONNULL normal)(const int64_t *shape, int rank, int device);
    int (*CTORCH_NONNULL rank)(ctorch_tensor *tensor);
    /// Writes `rank` lengths.
    void (*CTORCH_NONNULL shape)(ctorch_tensor *tensor, int64_t *lengths);
    /// Writes all numbers in row-major order; `count` must be their number.
    int (*CTORCH_NONNULL to_floats)(ctorch_tensor *tensor, float *values, int64_t count);
    void (*CTORCH_NONNULL release)(ctorch_tensor *tensor);
    /// Writes over the numbers of `target`, outside of any recording.
    int (*CTORCH_NONNULL copy_into)(ctorch_tensor *target, ctorch_tensor *source);

    // Operators.
    ctorch_tensor *CTORCH_NULLABLE (*CTORCH_NONNULL unary)(int operation, ctorch_tensor *x);
    ctorch_tensor *CTORCH_NULLABLE (*CTORCH_NONNULL binary)(int operation, ctorch_tensor *a, ctorch_tensor *b);
    ctorch_tensor *CTORCH_NULLABLE (*CTORCH_NONNULL scalar)(int operation, ctorch_tensor *x, double number);
    /// Over `dimensions`, or over everything where `count` is 0. Kept dimensions have length 1.
    ctorch_tensor *CTORCH_NULLABLE (*CTORCH_NONNULL reduce)(int operation, ctorch_tensor *x, const int64_t *dimensions, int count, int keep);
    ctorch_tensor *CTORCH_NULLABLE (*CTORCH_NONNULL reshape)(ctorch_tensor *x, const int64_t *shape, int rank);
    ctorch_tensor *CTORCH_NULLABLE (*CTORCH_NONNULL permute)(ctorch_tensor *x, const int64_t *order, int rank);
    ctorch_tensor *CTORCH_NULLABLE (*CTORCH_NONNULL narrow)(ctorch_tensor *x, int64_t dimension, int64_t start, int64_t length);
    ctorch_tensor *CTORCH_NULLABLE (*CTORCH_NONNULL concatenate)(
        ctorch_tensor *CTORCH_NULLABLE const *CTORCH_NULLABLE tensors, int count, int64_t dimension);
    ctorch_tensor *CTORCH_NULLABLE (*CTORCH_NONNULL convolution)(
        ctorch_tensor *x, ctorch_tensor *weight, ctorch_tensor *CTORCH_NULLABLE bias, int64_t stride, int64_t padding);
    ctorch_tensor *CTORCH_NULLABLE (*CTORCH_NONNULL max_pool)(ctorch_tensor *x, int64_t size);
    ctorch_tensor *CTORCH_NULLABLE (*CTORCH_NONNULL average_pool)(ctorch_tensor *x, int64_t size);
    /// Bilinear with half-pixel centres.
    ctorch_tensor *CTORCH_NULLABLE (*CTORCH_NONNULL resize)(ctorch_tensor *x, int64_t height, int64_t width);
    ctorch_tensor *CTORCH_NULLABLE (*CTORCH_NONNULL pixel_shuffle)(ctorch_tensor *x, int64_t factor);
    ctorch_tensor *CTORCH_NULLABLE (*CTORCH_NONNULL pixel_unshuffle)(ctorch_tensor *x, int64_t factor);
    /// The last two dimensions, by so much on every side.
    ctorch_tensor *CTORCH_NULLABLE (*CTORCH_NONNULL pad)(ctorch_tensor *x, int64_t left, int64_t right, int64_t top, int64_t bottom, int mode);
    /// Samples `x` [N, C, H, W] at `grid` [N, h, w, 2] in −1…1 (half-pixel corners), bilinear, edges repeated.
    ctorch_tensor *CTORCH_NULLABLE (*CTORCH_NONNULL sample)(ctorch_tensor *x, ctorch_tensor *grid);

    // Learning.
    int (*CTORCH_NONNULL require_gradient)(ctorch_tensor *leaf);
    int (*CTORCH_NONNULL backward)(ctorch_tensor *scalar);
    /// The gradient that `backward` left at a leaf; NULL without an error where there is none.
    ctorch_tensor *CTORCH_NULLABLE (*CTORCH_NONNULL gradient)(ctorch_tensor *leaf);
    int (*CTORCH_NONNULL clear_gradients)(ctorch_tensor *CTORCH_NULLABLE const *CTORCH_NULLABLE leaves, int count);
    /// Scales all gradients down so that their common norm is at most `limit`; `norm` receives what it was.
    int (*CTORCH_NONNULL clip_gradients)(
        ctorch_tensor *CTORCH_NULLABLE const *CTORCH_NULLABLE leaves, int count, double limit, double *norm);
    /// One step of Adam (Kingma & Ba, ICLR 2015, Algorithm 1) on leaves that have a gradient; `step` counts from 1.
    int (*CTORCH_NONNULL adam)(
        ctorch_tensor *CTORCH_NULLABLE const *CTORCH_NULLABLE leaves,
        ctorch_tensor *CTORCH_NULLABLE const *CTORCH_NULLABLE means,
        ctorch_tensor *CTORCH_NULLABLE const *CTORCH_NULLABLE squares, int count, int64_t step, double rate, double beta1,
        double beta2, double epsilon);
    /// `target += share·(source − target)` for each pair.
    int (*CTORCH_NONNULL blend_into)(
        ctorch_tensor *CTORCH_NULLABLE const *CTORCH_NULLABLE targets,
        ctorch_tensor *CTORCH_NULLABLE const *CTORCH_NULLABLE sources, int count, double share);

    // Several processes.
    /// Joins `size` processes that meet in a file; NULL on failure. The file must not be there before the first.
    ctorch_group *CTORCH_NULLABLE (*CTORCH_NONNULL join)(const char *file, int rank, int size, int device);
    void (*CTORCH_NONNULL leave)(ctorch_group *group);
    /// Replaces the numbers of a tensor by their mean over the processes.
    int (*CTORCH_NONNULL average)(ctorch_group *group, ctorch_tensor *tensor);
    /// Replaces the gradients of all leaves by their mean over the processes.
    int (*CTORCH_NONNULL average_gradients)(
        ctorch_group *group, ctorch_tensor *CTORCH_NULLABLE const *CTORCH_NULLABLE leaves, int count);
} ctorch_functions;

/// What the library exports, under this name.
typedef const ctorch_functions *CTORCH_NULLABLE (*ctorch_open_function)(void);

#ifdef __cplusplus
}
#endif
#ifdef __clang__
#pragma clang assume_nonnull end
#endif
