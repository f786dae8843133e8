internal import CFFmpeg
internal import Foundation
internal import Frames

/// The cameras of this machine, as FFmpeg's device list names them.
package struct CameraList: Sendable {
    package struct Camera: Sendable, Encodable {
        /// What to give as the camera: `/dev/video0`.
        package let device: String
        /// What it calls itself.
        package let title: String
    }

    /// FFmpeg's name of the format through which cameras are read here.
    #if os(macOS)
        package static let format = "avfoundation"
    #else
        package static let format = "v4l2"
    #endif

    package let cameras: [Camera]

    /// Asks the system. An empty list where there is none, or none that can be asked. Uses avdevice_list_input_sources.
    package init() {
        FFmpegLog.install()
        var found: UnsafeMutablePointer<AVDeviceInfoList>?
        guard let format = av_find_input_format(Self.format),
            avdevice_list_input_sources(format, nil, nil, &found) >= 0, let list = found?.pointee
        else {
            cameras = []
            return
        }
        defer { avdevice_free_list_devices(&found) }
        cameras = (0..<Int(list.nb_devices)).compactMap { index in
            guard let device = list.devices[index]?.pointee else { return nil }
            return Camera(
                device: String(cString: device.device_name), title: String(cString: device.device_description))
        }
    }
}
