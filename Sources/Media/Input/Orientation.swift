internal import CFFmpeg
internal import Foundation

/// One of the eight ways in which a stored picture can lie, after EXIF and display matrices.
enum Orientation: Int {
    case upright = 1
    case mirrored, upsideDown, mirroredUpsideDown, transposed, turnedLeft, transversed, turnedRight

    /// From a display matrix (nine values, 16.16 fixed point), rounded to quarter turns.
    init(displayMatrix matrix: UnsafePointer<Int32>) {
        // The matrix maps the stored picture to the shown one; its upper left 2×2 part is a quarter turn or mirror.
        let (a, b, c, d) = (matrix[0].signum(), matrix[1].signum(), matrix[3].signum(), matrix[4].signum())
        let straight = abs(Int64(matrix[0])) > abs(Int64(matrix[1]))
        switch (straight, straight ? a : b, straight ? d : c) {
        case (true, -1, 1): self = .mirrored
        case (true, -1, -1): self = .upsideDown
        case (true, 1, -1): self = .mirroredUpsideDown
        case (false, 1, 1): self = .transposed
        case (false, 1, -1): self = .turnedLeft
        case (false, -1, -1): self = .transversed
        case (false, -1, 1): self = .turnedRight
        default: self = .upright
        }
    }

    /// What a picture itself says: a display matrix, or the EXIF tag of a photograph; nil where it says nothing.
    init?(of picture: Picture) {
        if let side = av_frame_get_side_data(picture.pointer, AV_FRAME_DATA_DISPLAYMATRIX) {
            self = side.pointee.data.withMemoryRebound(to: Int32.self, capacity: 9) { Orientation(displayMatrix: $0) }
            return
        }
        guard let entry = av_dict_get(picture.pointer.pointee.metadata, "Orientation", nil, 0) else { return nil }
        guard let number = Int(String(cString: entry.pointee.value).trimmingCharacters(in: .whitespaces)) else {
            return nil
        }
        self.init(rawValue: number)
    }

    /// Width and height change places.
    var isSideways: Bool { rawValue >= Orientation.transposed.rawValue }

    /// The libavfilter filters that bring the stored picture upright; nil when it already is.
    var filters: String? {
        switch self {
        case .upright: nil
        case .mirrored: "hflip"
        case .upsideDown: "hflip,vflip"
        case .mirroredUpsideDown: "vflip"
        case .transposed: "transpose=cclock_flip"
        case .turnedLeft: "transpose=clock"
        case .transversed: "transpose=clock_flip"
        case .turnedRight: "transpose=cclock"
        }
    }

    /// Degrees clockwise that bring it upright (mirrors aside).
    var clockwiseDegrees: Int {
        switch self {
        case .upright, .mirrored: 0
        case .turnedLeft, .transposed: 90
        case .upsideDown, .mirroredUpsideDown: 180
        case .turnedRight, .transversed: 270
        }
    }
}
