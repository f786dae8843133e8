#include "CPixels.h"

#include <string.h>

/// Where the nearest source of colour lies, from a pixel on: squared lengths of all that can be compared fit into 32 bits.
typedef struct {
    int16_t x, y;
} vector;

enum { faint = 16, far = 16383 };

/// Takes the neighbour's source where it is nearer than the own one.
static inline void take(vector *own, vector neighbour, int dx, int dy) {
    int x = neighbour.x + dx, y = neighbour.y + dy;
    if (neighbour.x != far && x * x + y * y < own->x * own->x + own->y * own->y) *own = (vector){(int16_t)x, (int16_t)y};
}

/// One row of a sweep: from the row before (`vertical` −1 or 1 away; NULL at the edge), then along the row both ways.
static void sweep(vector *row, const vector *before, int vertical, int width) {
    for (int x = 0; x < width; x++) {
        if (x > 0) take(row + x, row[x - 1], -1, 0);
        if (!before) continue;
        take(row + x, before[x], 0, vertical);
        if (x > 0) take(row + x, before[x - 1], -1, vertical);
        if (x + 1 < width) take(row + x, before[x + 1], 1, vertical);
    }
    for (int x = width - 2; x >= 0; x--) take(row + x, row[x + 1], 1, 0);
}

/// Marks the pixels of at least `least` alpha as sources; returns how many there are.
static size_t mark(const uint8_t *rgba, size_t stride, int width, int height, int least, vector *nearest) {
    size_t count = 0;
    for (int y = 0; y < height; y++) {
        const uint8_t *row = rgba + (size_t)y * stride;
        vector *own = nearest + (size_t)y * (size_t)width;
        for (int x = 0; x < width; x++) {
            int is_source = row[4 * x + 3] >= least;
            own[x] = is_source ? (vector){0, 0} : (vector){far, far};
            count += (size_t)is_source;
        }
    }
    return count;
}

void pixels_fill_transparent(uint8_t *rgba, size_t stride, int width, int height, int32_t *scratch) {
    vector *nearest = (vector *)scratch;
    size_t all = (size_t)width * (size_t)height;
    size_t visible = mark(rgba, stride, width, height, 1, nearest);
    if (visible == all) return;
    // Colours of nearly transparent pixels are coarse, often wrong: they are not spread where there are better ones.
    if (visible > 0 && mark(rgba, stride, width, height, faint, nearest) == 0)
        mark(rgba, stride, width, height, 1, nearest);
    for (int y = 0; y < height; y++) {
        vector *row = nearest + (size_t)y * (size_t)width;
        sweep(row, y > 0 ? row - width : NULL, -1, width);
    }
    for (int y = height - 1; y >= 0; y--) {
        vector *row = nearest + (size_t)y * (size_t)width;
        sweep(row, y + 1 < height ? row + width : NULL, 1, width);
    }
    for (int y = 0; y < height; y++) {
        uint8_t *row = rgba + (size_t)y * stride;
        const vector *own = nearest + (size_t)y * (size_t)width;
        for (int x = 0; x < width; x++) {
            if (row[4 * x + 3] != 0) continue;
            if (visible == 0 || own[x].x == far) {
                memset(row + 4 * x, 128, 3);
            } else {
                const uint8_t *source = rgba + (size_t)(y + own[x].y) * stride + (size_t)(x + own[x].x) * 4;
                memcpy(row + 4 * x, source, 3);
            }
        }
    }
}
