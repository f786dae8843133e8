internal import Foundation

/// What files hold, judged by their names alone: for choosing among the files of a folder.
package enum MediaNames {
    private static let pictures: Set<String> = [
        "png", "jpg", "jpeg", "jpe", "webp", "bmp", "tif", "tiff", "avif", "heic", "heif", "jxl", "jp2", "tga", "ppm",
        "pgm", "pnm", "pbm", "exr", "dpx", "qoi", "psd",
    ]
    private static let videos: Set<String> = [
        "mp4", "m4v", "mov", "qt", "mkv", "webm", "avi", "ts", "m2ts", "mts", "mpg", "mpeg", "m2v", "vob", "mxf", "flv",
        "f4v", "wmv", "asf", "3gp", "3g2", "ogv", "ogm", "rm", "rmvb", "dv", "nut", "y4m", "gif", "apng", "divx",
    ]

    /// Whether the name is that of a still picture.
    package static func isPicture(_ path: String) -> Bool { !path.contains("%") && pictures.contains(suffix(path)) }

    /// Whether the name is that of a picture or video.
    package static func isMedia(_ path: String) -> Bool {
        pictures.contains(suffix(path)) || videos.contains(suffix(path))
    }

    private static func suffix(_ path: String) -> String { (path as NSString).pathExtension.lowercased() }
}
