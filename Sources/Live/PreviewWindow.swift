internal import CSDL
package import Frames

/// A window that shows live frames. Owns SDL's window, renderer and texture. Used by the main thread only, as SDL wants it.
@MainActor
package final class PreviewWindow {
    package enum Event: Sendable, Equatable {
        case key(Character)
        case closed
    }

    private let window: OpaquePointer
    private let renderer: OpaquePointer
    private var texture: OpaquePointer?
    private var textureSize = (width: 0, height: 0)
    private var isFullScreen = false

    /// Opens a window.
    ///
    /// - Throws: `.unavailable` where there is no screen.
    package init(title: String, width: Int, height: Int) throws(SakugaError) {
        SDL_SetMainReady()
        // SDL would take Ctrl-C for itself, and blank screens are no concern of a preview.
        SDL_SetHint("SDL_NO_SIGNAL_HANDLERS", "1")
        guard SDL_Init(SHIM_INIT_VIDEO) == 0 else { throw Self.error(String(cString: SDL_GetError()), "SDL_Init") }
        // Without a screen SDL may settle for drivers that show nothing.
        let driver = SDL_GetCurrentVideoDriver().map { String(cString: $0) } ?? "none"
        guard !["dummy", "offscreen", "evdev", "none"].contains(driver) else {
            SDL_Quit()
            throw Self.error("there is no screen", "SDL_GetCurrentVideoDriver")
        }
        guard
            let window = SDL_CreateWindow(
                title, SHIM_WINDOW_CENTERED, SHIM_WINDOW_CENTERED, Int32(width), Int32(height), SHIM_WINDOW_FLAGS)
        else {
            defer { SDL_Quit() }
            throw Self.error(String(cString: SDL_GetError()), "SDL_CreateWindow")
        }
        guard let renderer = SDL_CreateRenderer(window, -1, 0) else {
            defer {
                SDL_DestroyWindow(window)
                SDL_Quit()
            }
            throw Self.error(String(cString: SDL_GetError()), "SDL_CreateRenderer")
        }
        (self.window, self.renderer) = (window, renderer)
        SDL_StartTextInput()
    }

    private static func error(_ reason: String, _ call: String) -> SakugaError {
        SakugaError(
            .unavailable,
            "cannot open a preview window: \(reason.prefix(1).lowercased() + reason.dropFirst()) (\(call))",
            hint: "where there is no screen, name an output with -o and leave --preview out")
    }

    /// Shows a picture, scaled to the window with its shape kept.
    package func show(_ pixels: PixelBuffer) {
        if texture == nil || textureSize != (pixels.width, pixels.height) {
            if let texture { SDL_DestroyTexture(texture) }
            SDL_SetHint("SDL_RENDER_SCALE_QUALITY", "linear")
            texture = SDL_CreateTexture(
                renderer, SHIM_FORMAT_RGB, Int32(SDL_TEXTUREACCESS_STREAMING.rawValue), Int32(pixels.width),
                Int32(pixels.height))
            textureSize = (pixels.width, pixels.height)
        }
        guard let texture else { return }
        SDL_UpdateTexture(texture, nil, pixels.bytes, Int32(pixels.stride))
        var (width, height): (Int32, Int32) = (0, 0)
        SDL_GetRendererOutputSize(renderer, &width, &height)
        let scale = min(Double(width) / Double(pixels.width), Double(height) / Double(pixels.height))
        let shown = (width: Int32(Double(pixels.width) * scale), height: Int32(Double(pixels.height) * scale))
        var place = SDL_Rect(
            x: (width - shown.width) / 2, y: (height - shown.height) / 2, w: shown.width, h: shown.height)
        SDL_RenderClear(renderer)
        SDL_RenderCopy(renderer, texture, nil, &place)
        SDL_RenderPresent(renderer)
    }

    /// What the user has done since the last call.
    package func events() -> [Event] {
        var events: [Event] = []
        var key: Int32 = 0
        while true {
            switch shim_next_event(&key) {
            case 0: return events
            case 1: events.append(.key(Character(UnicodeScalar(UInt8(truncatingIfNeeded: key)))))
            case 2: events.append(.closed)
            default: continue
            }
        }
    }

    package func toggleFullScreen() {
        isFullScreen.toggle()
        SDL_SetWindowFullscreen(window, isFullScreen ? SHIM_FULL_SCREEN : 0)
    }

    package func setTitle(_ title: String) { SDL_SetWindowTitle(window, title) }

    /// Closes the window.
    package func close() {
        if let texture { SDL_DestroyTexture(texture) }
        texture = nil
        SDL_DestroyRenderer(renderer)
        SDL_DestroyWindow(window)
        SDL_Quit()
    }
}
