// What Swift cannot see of SDL's C interface: macros, and the union behind an event.
#pragma once
#define SDL_MAIN_HANDLED
#include <SDL2/SDL.h>

static const int SHIM_WINDOW_CENTERED = SDL_WINDOWPOS_CENTERED;
static const unsigned SHIM_INIT_VIDEO = SDL_INIT_VIDEO;
static const unsigned SHIM_WINDOW_FLAGS = SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI;
static const unsigned SHIM_FULL_SCREEN = SDL_WINDOW_FULLSCREEN_DESKTOP;
static const unsigned SHIM_FORMAT_RGB = SDL_PIXELFORMAT_RGB24;

/// Takes the next event that matters: 1 for a key (its code point or SDL key code in `key`), 2 for a closed window, 3 for
/// any other event, 0 where none waits.
static inline int shim_next_event(int *key) {
    SDL_Event event;
    if (!SDL_PollEvent(&event)) return 0;
    if (event.type == SDL_QUIT) return 2;
    if (event.type == SDL_WINDOWEVENT && event.window.event == SDL_WINDOWEVENT_CLOSE) return 2;
    // Text, not keys: `+` lies elsewhere on every keyboard.
    if (event.type == SDL_TEXTINPUT) {
        *key = (unsigned char)event.text.text[0];
        return 1;
    }
    if (event.type == SDL_KEYDOWN && event.key.keysym.sym == SDLK_ESCAPE) {
        *key = 27;
        return 1;
    }
    return 3;
}
