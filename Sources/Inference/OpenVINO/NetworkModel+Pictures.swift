internal import COpenVINO
internal import Frames

extension NetworkModel {
    /// The network with an interleaved picture as its input: conversion, range and layout become part of the graph, and
    /// output `output` becomes f32.
    ///
    /// - Parameters:
    ///   - type: Of the picture: levels, or numbers in the network's own range.
    ///   - layout: That the network itself has.
    ///   - range: In which the network takes levels; nil for numbers.
    ///
    /// Wraps OpenVINO's PrePostProcessor.
    func taking(
        _ type: InferenceRequest.ElementType, _ layout: ImageLayout, _ range: ModelRange?, output: Int
    ) throws -> NetworkModel {
        let failure = "cannot put the conversion of pictures before the network"
        var processor: OpaquePointer?
        try check(ov_preprocess_prepostprocessor_create(handle, &processor), failure)
        defer { ov_preprocess_prepostprocessor_free(processor) }

        var input: OpaquePointer?
        try check(ov_preprocess_prepostprocessor_get_input_info_by_index(processor, 0, &input), failure)
        defer { ov_preprocess_input_info_free(input) }
        var tensor: OpaquePointer?
        try check(ov_preprocess_input_info_get_tensor_info(input, &tensor), failure)
        defer { ov_preprocess_input_tensor_info_free(tensor) }
        try check(ov_preprocess_input_tensor_info_set_element_type(tensor, type == .uint8 ? U8 : F32), failure)
        try withLayout(.nhwc) { try check(ov_preprocess_input_tensor_info_set_layout(tensor, $0), failure) }

        var model: OpaquePointer?
        try check(ov_preprocess_input_info_get_model_info(input, &model), failure)
        defer { ov_preprocess_input_model_info_free(model) }
        try withLayout(layout) { try check(ov_preprocess_input_model_info_set_layout(model, $0), failure) }

        var steps: OpaquePointer?
        try check(ov_preprocess_input_info_get_preprocess_steps(input, &steps), failure)
        defer { ov_preprocess_preprocess_steps_free(steps) }
        try check(ov_preprocess_preprocess_steps_convert_element_type(steps, F32), failure)
        if let range, range != .bytes {
            try check(ov_preprocess_preprocess_steps_mean(steps, range.mean), failure)
            try check(ov_preprocess_preprocess_steps_scale(steps, range.scale), failure)
        }
        try setFloatOutput(of: processor, output, failure)

        var built: OpaquePointer?
        try check(ov_preprocess_prepostprocessor_build(processor, &built), failure)
        guard let built else { throw SakugaError(.software, failure) }
        return NetworkModel(taking: built)
    }

    private func setFloatOutput(of processor: OpaquePointer?, _ index: Int, _ failure: String) throws {
        var output: OpaquePointer?
        try check(ov_preprocess_prepostprocessor_get_output_info_by_index(processor, index, &output), failure)
        defer { ov_preprocess_output_info_free(output) }
        var tensor: OpaquePointer?
        try check(ov_preprocess_output_info_get_tensor_info(output, &tensor), failure)
        defer { ov_preprocess_output_tensor_info_free(tensor) }
        try check(ov_preprocess_output_set_element_type(tensor, F32), failure)
    }

    private func withLayout(_ layout: ImageLayout, _ body: (OpaquePointer?) throws -> Void) throws {
        var handle: OpaquePointer?
        try check(ov_layout_create(layout.rawValue, &handle), "cannot describe a layout")
        defer { ov_layout_free(handle) }
        try body(handle)
    }
}
