// The only file that touches libtorch; C++17, for libtorch 1.13 and newer. Compiled by `scripts/training.sh`, not by the
// Swift package. Every function catches whatever is thrown: nothing may unwind through a Swift frame.
#include "include/CTorch.h"

#include <ATen/autocast_mode.h>
#include <torch/torch.h>
#include <torch/version.h>

#include <malloc.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

#ifdef USE_DISTRIBUTED
#include <torch/csrc/distributed/c10d/FileStore.hpp>
#ifdef USE_C10D_GLOO
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#endif
#ifdef USE_C10D_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif
#endif

#define TORCH_2 (TORCH_VERSION_MAJOR >= 2)

struct ctorch_tensor {
    at::Tensor value;
};

#ifdef USE_DISTRIBUTED
struct ctorch_group {
#if TORCH_2
    c10::intrusive_ptr<c10d::Backend> backend;
#else
    c10::intrusive_ptr<c10d::ProcessGroup> backend;
#endif
    int size;
};
#endif

namespace {
using ctorch_result = ctorch_tensor *;
using Leaves = ctorch_tensor *const *;
thread_local std::string last_error_text;

template <typename Body>
int guarded(Body body) noexcept {
    try {
        body();
        return 0;
    } catch (const c10::Error &error) {
        last_error_text = error.what_without_backtrace();
    } catch (const std::exception &error) {
        last_error_text = error.what();
    } catch (...) {
        last_error_text = "unknown C++ exception";
    }
    return 1;
}

template <typename Body>
ctorch_result made(Body body) noexcept {
    ctorch_result result = nullptr;
    guarded([&] { result = new ctorch_tensor{body()}; });
    return result;
}

at::Device device_of(int device) { return device == ctorch_cuda ? at::Device(at::kCUDA) : at::Device(at::kCPU); }
at::IntArrayRef lengths(const int64_t *shape, int rank) { return {shape, static_cast<size_t>(rank)}; }
at::TensorOptions floats(int device) { return at::TensorOptions().dtype(at::kFloat).device(device_of(device)); }

const char *last_error(void) { return last_error_text.c_str(); }
const char *torch_version(void) { return TORCH_VERSION; }
int cuda_device_count(void) {
    int count = 0;
    guarded([&] { count = torch::cuda::is_available() ? static_cast<int>(torch::cuda::device_count()) : 0; });
    return count;
}
void set_threads(int count) {
    guarded([&] { at::set_num_threads(count); });
}
int seed(uint64_t value) {
    return guarded([&] { torch::manual_seed(value); });
}
int record_gradients(int enabled) {
    const bool before = at::GradMode::is_enabled();
    at::GradMode::set_enabled(enabled != 0);
    return before;
}
int autocast(int device, int enabled) {
    return guarded([&] {
        const bool on = enabled != 0;
#if TORCH_2
        const auto kind = device == ctorch_cuda ? at::kCUDA : at::kCPU;
        at::autocast::set_autocast_enabled(kind, on);
        at::autocast::set_autocast_dtype(kind, at::kBFloat16);
#else
        if (device == ctorch_cuda) {
            at::autocast::set_enabled(on);
            at::autocast::set_autocast_gpu_dtype(at::kBFloat16);
        } else {
            at::autocast::set_cpu_enabled(on);
            at::autocast::set_autocast_cpu_dtype(at::kBFloat16);
        }
#endif
        if (!on) at::autocast::clear_cache();
    });
}
int has_bfloat16(int device) { return device == ctorch_cuda || __builtin_cpu_supports("avx512bf16"); }

ctorch_result from_floats(const float *values, const int64_t *shape, int rank, int device) {
    return made([&] {
        auto view = at::from_blob(const_cast<float *>(values), lengths(shape, rank), at::kFloat);
        return view.to(floats(device), false, /* copy */ true);
    });
}
ctorch_result from_bytes(const uint8_t *values, const int64_t *shape, int rank, int device) {
    return made([&] {
        auto view = at::from_blob(const_cast<uint8_t *>(values), lengths(shape, rank), at::kByte);
        return view.to(device_of(device)).to(at::kFloat);
    });
}
ctorch_result full(double value, const int64_t *shape, int rank, int device) {
    return made([&] { return at::full(lengths(shape, rank), value, floats(device)); });
}
// Drawn on the processor, so that a seed means the same on every device.
ctorch_result uniform(const int64_t *shape, int rank, int device) {
    return made([&] { return at::rand(lengths(shape, rank), floats(ctorch_cpu)).to(device_of(device)); });
}
ctorch_result normal(const int64_t *shape, int rank, int device) {
    return made([&] { return at::randn(lengths(shape, rank), floats(ctorch_cpu)).to(device_of(device)); });
}
int rank(ctorch_tensor *tensor) { return static_cast<int>(tensor->value.dim()); }
void shape(ctorch_tensor *tensor, int64_t *result) {
    const auto sizes = tensor->value.sizes();
    std::memcpy(result, sizes.data(), sizes.size() * sizeof(int64_t));
}
int to_floats(ctorch_tensor *tensor, float *values, int64_t count) {
    return guarded([&] {
        TORCH_CHECK(tensor->value.numel() == count, "expected ", count, " numbers, found ", tensor->value.numel());
        const auto plain = tensor->value.detach().to(at::kCPU, at::kFloat).contiguous();
        std::memcpy(values, plain.data_ptr<float>(), static_cast<size_t>(count) * sizeof(float));
    });
}
void release(ctorch_tensor *tensor) { delete tensor; }
int copy_into(ctorch_tensor *target, ctorch_tensor *source) {
    return guarded([&] {
        at::NoGradGuard quiet;
        target->value.copy_(source->value);
    });
}

ctorch_result unary(int operation, ctorch_tensor *x) {
    return made([&]() -> at::Tensor {
        const auto &a = x->value;
        switch (operation) {
        case ctorch_negative: return a.neg();
        case ctorch_absolute: return a.abs();
        case ctorch_square: return a.square();
        case ctorch_square_root: return a.sqrt();
        case ctorch_exponential: return a.exp();
        case ctorch_logarithm: return a.log();
        case ctorch_hyperbolic_tangent: return a.tanh();
        case ctorch_relu: return a.relu();
        case ctorch_detach: return a.detach();
        case ctorch_clone: return a.detach().clone();
        case ctorch_channels_last: return a.contiguous(at::MemoryFormat::ChannelsLast);
        case ctorch_float32: return a.to(at::kFloat);
        default: TORCH_CHECK(false, "unknown operation ", operation);
        }
    });
}
ctorch_result binary(int operation, ctorch_tensor *x, ctorch_tensor *y) {
    return made([&]() -> at::Tensor {
        const auto &a = x->value, &b = y->value;
        switch (operation) {
        case ctorch_add: return a + b;
        case ctorch_subtract: return a - b;
        case ctorch_multiply: return a * b;
        case ctorch_divide: return a / b;
        case ctorch_maximum: return at::maximum(a, b);
        case ctorch_minimum: return at::minimum(a, b);
        case ctorch_matrix_product: return at::matmul(a, b);
        default: TORCH_CHECK(false, "unknown operation ", operation);
        }
    });
}
ctorch_result scalar(int operation, ctorch_tensor *x, double number) {
    return made([&]() -> at::Tensor {
        const auto &a = x->value;
        switch (operation) {
        case ctorch_add_number: return a + number;
        case ctorch_multiply_number: return a * number;
        case ctorch_power: return a.pow(number);
        case ctorch_leaky_relu: return at::leaky_relu(a, number);
        case ctorch_at_least: return a.clamp_min(number);
        case ctorch_at_most: return a.clamp_max(number);
        default: TORCH_CHECK(false, "unknown operation ", operation);
        }
    });
}
ctorch_result reduce(int operation, ctorch_tensor *x, const int64_t *dimensions, int count, int keep) {
    return made([&]() -> at::Tensor {
        const auto over = lengths(dimensions, count);
        const auto a = x->value.to(at::kFloat);
        if (operation == ctorch_sum) return count == 0 ? a.sum() : a.sum(over, keep != 0);
        return count == 0 ? a.mean() : a.mean(over, keep != 0);
    });
}
ctorch_result reshape(ctorch_tensor *x, const int64_t *to, int rank) {
    return made([&] { return x->value.reshape(lengths(to, rank)); });
}
ctorch_result permute(ctorch_tensor *x, const int64_t *order, int rank) {
    return made([&] { return x->value.permute(lengths(order, rank)); });
}
ctorch_result narrow(ctorch_tensor *x, int64_t dimension, int64_t start, int64_t length) {
    return made([&] { return x->value.narrow(dimension, start, length); });
}
std::vector<at::Tensor> values(Leaves tensors, int count) {
    std::vector<at::Tensor> list;
    list.reserve(static_cast<size_t>(count));
    for (int i = 0; i < count; i++) list.push_back(tensors[i]->value);
    return list;
}
ctorch_result concatenate(Leaves tensors, int count, int64_t dimension) {
    return made([&] { return at::cat(values(tensors, count), dimension); });
}
ctorch_result convolution(
    ctorch_tensor *x, ctorch_tensor *weight, ctorch_tensor *bias, int64_t stride, int64_t padding) {
    return made([&] {
        return at::conv2d(x->value, weight->value, bias ? bias->value : at::Tensor(), stride, padding);
    });
}
ctorch_result max_pool(ctorch_tensor *x, int64_t size) {
    return made([&] { return at::max_pool2d(x->value, size); });
}
ctorch_result average_pool(ctorch_tensor *x, int64_t size) {
    return made([&] { return at::avg_pool2d(x->value, size); });
}
ctorch_result resize(ctorch_tensor *x, int64_t height, int64_t width) {
    return made([&] { return at::upsample_bilinear2d(x->value, {height, width}, false); });
}
ctorch_result pixel_shuffle(ctorch_tensor *x, int64_t factor) {
    return made([&] { return at::pixel_shuffle(x->value, factor); });
}
ctorch_result pixel_unshuffle(ctorch_tensor *x, int64_t factor) {
    return made([&] { return at::pixel_unshuffle(x->value, factor); });
}
ctorch_result pad(ctorch_tensor *x, int64_t left, int64_t right, int64_t top, int64_t bottom, int mode) {
    return made([&]() -> at::Tensor {
        namespace F = torch::nn::functional;
        F::PadFuncOptions options({left, right, top, bottom});
        switch (mode) {
        case ctorch_constant: options.mode(torch::kConstant); break;
        case ctorch_reflect: options.mode(torch::kReflect); break;
        case ctorch_replicate: options.mode(torch::kReplicate); break;
        case ctorch_circular: options.mode(torch::kCircular); break;
        default: TORCH_CHECK(false, "unknown padding ", mode);
        }
        return F::pad(x->value, options);
    });
}
ctorch_result sample(ctorch_tensor *x, ctorch_tensor *grid) {
    return made([&] {
        const int64_t bilinear = 0, border = 1;
        return at::grid_sampler(x->value.to(at::kFloat), grid->value, bilinear, border, /* align corners */ false);
    });
}

int require_gradient(ctorch_tensor *leaf) {
    return guarded([&] { leaf->value.requires_grad_(true); });
}
int backward(ctorch_tensor *scalar) {
    return guarded([&] { scalar->value.backward(); });
}
ctorch_result gradient(ctorch_tensor *leaf) {
    last_error_text.clear();
    if (!leaf->value.grad().defined()) return nullptr;
    return made([&] { return leaf->value.grad(); });
}
int clear_gradients(Leaves leaves, int count) {
    return guarded([&] {
        for (int i = 0; i < count; i++) leaves[i]->value.mutable_grad() = at::Tensor();
    });
}
int clip_gradients(Leaves leaves, int count, double limit, double *norm) {
    return guarded([&] {
        at::NoGradGuard quiet;
        // Summed where the gradients are: a GPU is waited for once, not for every leaf.
        at::Tensor total = at::zeros({}, leaves[0]->value.options().dtype(at::kDouble));
        for (int i = 0; i < count; i++) {
            const auto &slope = leaves[i]->value.grad();
            if (slope.defined()) total += slope.to(at::kFloat).square().sum().to(at::kDouble);
        }
        *norm = std::sqrt(total.item<double>());
        if (!(*norm > limit)) return;
        for (int i = 0; i < count; i++)
            if (leaves[i]->value.grad().defined()) leaves[i]->value.mutable_grad().mul_(limit / *norm);
    });
}
int adam(
    Leaves leaves, Leaves means, Leaves squares, int count, int64_t step, double rate, double beta1, double beta2,
    double epsilon) {
    return guarded([&] {
        at::NoGradGuard quiet;
        const double unbias1 = 1 - std::pow(beta1, static_cast<double>(step));
        const double unbias2 = 1 - std::pow(beta2, static_cast<double>(step));
        for (int i = 0; i < count; i++) {
            const auto &slope = leaves[i]->value.grad();
            if (!slope.defined()) continue;
            auto &mean = means[i]->value, &square = squares[i]->value;
            mean.mul_(beta1).add_(slope, 1 - beta1);
            square.mul_(beta2).addcmul_(slope, slope, 1 - beta2);
            const auto spread = (square / unbias2).sqrt_().add_(epsilon);
            leaves[i]->value.addcdiv_(mean, spread, -rate / unbias1);
        }
    });
}
int blend_into(Leaves targets, Leaves sources, int count, double share) {
    return guarded([&] {
        at::NoGradGuard quiet;
        for (int i = 0; i < count; i++) targets[i]->value.lerp_(sources[i]->value, share);
    });
}

#ifdef USE_DISTRIBUTED
ctorch_group *join(const char *file, int rank, int size, int device) {
    ctorch_group *group = nullptr;
    guarded([&] {
        auto store = c10::make_intrusive<c10d::FileStore>(file, size);
        if (device == ctorch_cuda) {
#ifdef USE_C10D_NCCL
            group = new ctorch_group{c10::make_intrusive<c10d::ProcessGroupNCCL>(store, rank, size), size};
            return;
#else
            TORCH_CHECK(false, "this libtorch has no NCCL; several processes need it for CUDA");
#endif
        }
#ifdef USE_C10D_GLOO
        auto options = c10d::ProcessGroupGloo::Options::create();
        // Processes of one machine, unless torch.distributed's own variable names a network.
        const char *network = std::getenv("GLOO_SOCKET_IFNAME");
        options->devices = {c10d::ProcessGroupGloo::createDeviceForInterface(network ? network : "lo")};
        group = new ctorch_group{c10::make_intrusive<c10d::ProcessGroupGloo>(store, rank, size, options), size};
#else
        TORCH_CHECK(false, "this library was built without gloo's headers; several processes need them on processors");
#endif
    });
    return group;
}
void leave(ctorch_group *group) {
    guarded([&] { delete group; });
}
int average(ctorch_group *group, ctorch_tensor *tensor) {
    return guarded([&] {
        at::NoGradGuard quiet;
        std::vector<at::Tensor> sums{tensor->value};
        group->backend->allreduce(sums)->wait();
        tensor->value.div_(group->size);
    });
}
int average_gradients(ctorch_group *group, Leaves leaves, int count) {
    return guarded([&] {
        at::NoGradGuard quiet;
        // One flat tensor: one round trip instead of one for every weight.
        std::vector<at::Tensor> flat;
        for (int i = 0; i < count; i++) {
            const auto &slope = leaves[i]->value.grad();
            const auto numbers = slope.defined() ? slope.to(at::kFloat) : at::zeros_like(leaves[i]->value);
            flat.push_back(numbers.contiguous().view({-1}));
        }
        std::vector<at::Tensor> sums{at::cat(flat)};
        group->backend->allreduce(sums)->wait();
        sums[0].div_(group->size);
        int64_t start = 0;
        for (int i = 0; i < count; i++) {
            const int64_t length = flat[static_cast<size_t>(i)].numel();
            leaves[i]->value.mutable_grad() = sums[0].narrow(0, start, length).view(leaves[i]->value.sizes()).clone();
            start += length;
        }
    });
}
#else
ctorch_group *join(const char *, int, int, int) {
    last_error_text = "this library was built without torch.distributed";
    return nullptr;
}
void leave(ctorch_group *) {}
int average(ctorch_group *, ctorch_tensor *) { return 1; }
int average_gradients(ctorch_group *, Leaves, int) { return 1; }
#endif

const ctorch_functions table = {
    ctorch_version, last_error, torch_version, cuda_device_count, set_threads, seed, record_gradients, autocast,
    has_bfloat16,
    from_floats, from_bytes, full, uniform, normal, rank, shape, to_floats, release, copy_into,
    unary, binary, scalar, reduce, reshape, permute, narrow, concatenate, convolution, max_pool, average_pool, resize,
    pixel_shuffle, pixel_unshuffle, pad, sample,
    require_gradient, backward, gradient, clear_gradients, clip_gradients, adam, blend_into,
    join, leave, average, average_gradients,
};
}  // namespace

extern "C" __attribute__((visibility("default"))) const ctorch_functions *ctorch_open(void) {
    // Every operator makes a tensor: kept memory instead of fresh pages from the system saves a tenth of the time.
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    return &table;
}
