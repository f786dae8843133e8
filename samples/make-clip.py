#!/usr/bin/env python3
"""Draws the frames of samples/clip.mp4 from free photographs (see CREDITS.md).

    make-clip.py PICTURES OUT.rgb24      writes 640x360 RGB frames, 30 per second

Three scenes, each of layers that move on their own: flowers pass before an autumn meadow, a pagoda stands before a
lake, an astronaut before mountains. Over everything: a hand-held camera, motion blur, and the noise of a small sensor.
Positions are in pixels of the picture they are measured on; the film is composed at 1280x720 and halved at the end.
"""
import sys
from pathlib import Path

import cv2
import numpy as np

WIDTH, HEIGHT, RATE = 1280, 720, 30
EXPOSURES = 3  # moments averaged per frame, over half the frame's time: motion blur of a 180-degree shutter
SCENE_SECONDS = (3.2, 2.6, 3.2)
GRID_X, GRID_Y = np.meshgrid(np.arange(WIDTH, dtype=np.float32), np.arange(HEIGHT, dtype=np.float32))


def smoothstep(low, high, x):
    t = np.clip((x - low) / (high - low), 0, 1)
    return (t * t * (3 - 2 * t)).astype(np.float32)


def polygon(shape, points, blur):
    mask = np.zeros(shape[:2], np.float32)
    cv2.fillPoly(mask, [np.array(points, np.int32)], 1.0, cv2.LINE_AA)
    return cv2.GaussianBlur(mask, (0, 0), blur) if blur else mask


def read(path, width=None):
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        sys.exit(f"error: cannot read '{path}'")
    if width:
        size = (width, round(picture.shape[0] * width / picture.shape[1]))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return picture.astype(np.float32)


def layer(picture, alpha):
    """Colour and coverage, premultiplied, so that edges interpolate without fringes."""
    return np.dstack([picture * alpha[..., None], alpha]).astype(np.float32)


def over(canvas, top):
    canvas *= 1 - top[..., 3:]
    canvas += top[..., : canvas.shape[2]]


class Shake:
    """A hand's tremor: sums of slow sines with fixed random phases; position in pixels, roll in radians."""

    def __init__(self, seed):
        random = np.random.default_rng(seed)
        self.frequency = np.array([0.23, 0.51, 0.97, 1.9, 3.7])
        self.amplitude = np.array([6.0, 4.0, 2.2, 0.9, 0.35])
        self.phase = random.uniform(0, 2 * np.pi, (3, 5))

    def __call__(self, t):
        x, y, roll = (self.amplitude * np.sin(2 * np.pi * self.frequency * t + self.phase)).sum(1)
        return x, 0.8 * y, roll * 0.00055


class Camera:
    """Where a point of the canvas falls on a layer: roll and tremor about the centre, then zoom, then an offset."""

    def __init__(self, shake, t, zoom=1.0):
        self.x, self.y, self.roll = shake(t)
        self.zoom = zoom

    def coordinates(self):
        c, s = np.cos(self.roll) / self.zoom, np.sin(self.roll) / self.zoom
        x, y = GRID_X - WIDTH / 2, GRID_Y - HEIGHT / 2
        return c * x - s * y + self.x, s * x + c * y + self.y

    def sample(self, source, centre, scale=1.0, shift=None):
        """`source` drawn with `centre` (in its pixels) at the canvas' middle; `scale` canvas pixels per source pixel."""
        x, y = self.coordinates()
        if shift is not None:
            x, y = x + shift[0], y + shift[1]
        return cv2.remap(source, x / scale + np.float32(centre[0]), y / scale + np.float32(centre[1]),
                         cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101 if source.shape[2] == 3 else
                         cv2.BORDER_CONSTANT)

    def relief(self, source, depth, centre, scale, parallax):
        """Like `sample`, each pixel shifted by `parallax` times its nearness (0 far, 1 near): a photograph in relief."""
        x, y = self.coordinates()
        u, v = x / scale + np.float32(centre[0]), y / scale + np.float32(centre[1])
        near = cv2.remap(depth, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        u, v = u + near * np.float32(parallax[0] / scale), v + near * np.float32(parallax[1] / scale)
        return cv2.remap(source, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)

    def sprite(self, source, position, angle, scale):
        """A cut-out with its middle at `position` on the canvas; small ones are drawn small."""
        h, w = source.shape[:2]
        c, s = np.cos(angle) * scale * self.zoom, np.sin(angle) * scale * self.zoom
        x = position[0] - self.x
        y = position[1] - self.y
        matrix = np.float32([[c, -s, x - c * w / 2 + s * h / 2], [s, c, y - s * w / 2 - c * h / 2]])
        return cv2.warpAffine(source, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR)


def flower_heads(pictures):
    """The dahlia and single petals of it."""
    picture = read(pictures / "flower.jpg")
    mask = np.full(picture.shape[:2], cv2.GC_BGD, np.uint8)
    cv2.ellipse(mask, (308, 221), (146, 146), 0, 0, 360, cv2.GC_PR_FGD, -1)
    cv2.ellipse(mask, (305, 222), (112, 112), 0, 0, 360, cv2.GC_FGD, -1)
    mask[345:, 345:] = cv2.GC_BGD
    cv2.grabCut(picture.astype(np.uint8), mask, None, np.zeros((1, 65)), np.zeros((1, 65)), 5, cv2.GC_INIT_WITH_MASK)
    alpha = cv2.GaussianBlur(np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32), (0, 0), 1.2)
    head = layer(picture, alpha)[66:374, 152:460]
    petal = layer(picture, polygon(picture.shape, [(186, 205), (192, 190), (206, 183), (222, 190), (228, 206),
                                                   (222, 222), (208, 231), (194, 228), (186, 218)], 1.0))
    return head, petal[176:238, 178:236]


class Petals:
    """Petals on the wind."""

    def __init__(self, petal, seed, count):
        random = np.random.default_rng(seed)
        self.petal = petal
        self.start = random.uniform((-200, -60), (1500, 560), (count, 2))
        self.speed = random.uniform((150, 30), (330, 110), (count, 2))
        self.size = random.uniform(0.28, 0.62, count)
        self.turn = random.uniform(-4, 4, count)
        self.phase = random.uniform(0, 6.28, count)

    def draw(self, canvas, camera, t):
        for start, speed, size, turn, phase in zip(self.start, self.speed, self.size, self.turn, self.phase):
            x, y = start + speed * t
            x = (x + 300) % 1900 - 300
            y += 26 * np.sin(2.3 * t + phase)
            flat = self.petal.copy()
            h = max(6, int(flat.shape[0] * (0.35 + 0.65 * abs(np.sin(2.9 * t + phase)))))
            flat = cv2.resize(flat, (flat.shape[1], h), interpolation=cv2.INTER_AREA)
            over(canvas, camera.sprite(flat, (x, y), phase + turn * t, size))


class Meadow:
    """Autumn meadow below a mountain, its sky exchanged for one with moving clouds; dahlias pass close by."""

    def __init__(self, pictures):
        picture = read(pictures / "aitzgorri_by_Aitzol_Berasategi.jpg", 1760)
        k = 1760 / 1280  # the outlines below were measured on the picture at 1280 pixels
        h, w = picture.shape[:2]
        luma = picture @ np.float32([0.114, 0.587, 0.299])
        ridge = polygon(picture.shape, np.float32(
            [(0, 0), (1280, 0), (1280, 190), (1130, 175), (1060, 125), (990, 122), (870, 150), (700, 106), (560, 132),
             (440, 150), (330, 150), (180, 190), (75, 215), (0, 215)]) * k, 6)
        sky = smoothstep(168, 205, luma) * ridge
        sky = np.maximum(sky, smoothstep(6, 40, ridge * 255) * smoothstep(205, 225, luma))
        sky[: int(85 * k)] = np.maximum(sky[: int(85 * k)], 1)
        land = 1 - sky
        # a little more light than that day had
        picture = 255 * (picture / 255) ** 0.86
        picture *= np.float32([0.97, 1.03, 1.06])
        self.land = layer(np.clip(picture, 0, 255), land)
        forest = polygon(picture.shape, np.float32(
            [(0, 185), (60, 215), (170, 255), (330, 300), (430, 325), (520, 345), (640, 400), (760, 455), (880, 495),
             (905, 440), (950, 340), (1005, 430), (1030, 400), (1080, 335), (1100, 350), (1160, 340), (1190, 280),
             (1280, 150), (1280, 960), (0, 960)]) * k, 7)
        row = np.arange(h, dtype=np.float32)[:, None] / k
        ground = np.clip((row - 500) / 350, 0, 1) * 0.55
        self.depth = (0.10 + 0.30 * forest + ground * forest).astype(np.float32)
        self.depth = cv2.GaussianBlur(self.depth, (0, 0), 5)
        self.clouds = self.cloud_layer(pictures)
        rows = np.linspace(0, 1, h, dtype=np.float32)[:, None, None]
        self.blue = np.ascontiguousarray(np.broadcast_to(
            np.float32([222, 150, 72]) * (1 - rows * 2).clip(0) + np.float32([238, 214, 178]) * (rows * 2).clip(0, 1),
            (h, w, 3)))
        head, petal = flower_heads(pictures)
        leaf = self.leaf(read(pictures / "aitzgorri_by_Aitzol_Berasategi.jpg", 1280))
        cool = np.clip(head * np.float32([1.25, 1.1, 1.0, 1]), 0, 255)  # a paler sister
        red = head * np.float32([0.75, 0.62, 0.95, 1])
        for variant in (cool, red):
            variant[..., :3] = np.minimum(variant[..., :3], 250 * variant[..., 3:])
        self.heads = [head, cv2.flip(cool, 1), red]
        # variant, x at the start, y, size, speed (pixels per second), blur: near ones larger, faster and softer
        row = [(1, 150, 668, 0.32, 104, 0.8), (2, 420, 640, 0.34, 104, 0.8), (0, 700, 662, 0.36, 104, 0.8),
               (1, 1010, 640, 0.33, 104, 0.8), (2, 1330, 655, 0.35, 104, 0.8), (0, 1520, 640, 0.34, 104, 0.8),
               (2, 40, 650, 0.46, 138, 0.8), (0, 545, 618, 0.50, 138, 0.8), (2, 900, 668, 0.46, 138, 0.8),
               (1, 1235, 600, 0.54, 138, 0.8), (0, 1440, 680, 0.46, 138, 0.8), (2, 1660, 625, 0.48, 138, 0.8),
               (0, 1500, 700, 1.15, 420, 5.0), (2, 330, 770, 1.0, 360, 4.0)]
        self.row = [(cv2.GaussianBlur(self.flower(self.heads[i], leaf, n), (0, 0), b), x, y, s, v)
                    for n, (i, x, y, s, v, b) in enumerate(row)]
        self.petals = Petals(petal, 5, 7)
        self.shake = Shake(11)

    @staticmethod
    def leaf(picture):
        """A leaf cut out of the meadow's grass, with a darker rib."""
        grass = picture[620:720, 200:460] * np.float32([0.75, 0.82, 0.7])
        y, x = np.mgrid[-1:1:100j, -1:1:260j].astype(np.float32)
        alpha = smoothstep(0, 0.12, (1 - x * x) * (0.85 - 0.25 * x) - np.abs(y))
        shade = 1 - 0.35 * np.exp(-(y / 0.06) ** 2) - 0.22 * (y > 0)
        return layer(np.clip(cv2.GaussianBlur(grass, (0, 0), 1.5) * shade[..., None], 0, 255), alpha)

    @staticmethod
    def flower(head, leaf, number):
        """A head on its stem, with leaves, as one upright cut-out; the head's middle is at the picture's middle."""
        random = np.random.default_rng(number)
        picture = np.zeros((1200, 700, 4), np.float32)
        y = np.arange(600, 1200)
        x = 350 + 26 * np.sin((y - 600) / 260 + random.uniform(0, 6)) * np.clip((y - 600) / 200, 0, 1)
        across = np.arange(700)[None] - x[:, None]
        stem = smoothstep(0, 3, 11 - np.abs(across))
        green = np.float32([40, 96, 62]) * (0.9 - 0.045 * across[..., None]).clip(0.3, 1.3)
        over(picture[600:], np.dstack([green * stem[..., None], stem]).astype(np.float32))

        def place(cutout, x, y, degrees, scale):
            h, w = cutout.shape[:2]
            matrix = cv2.getRotationMatrix2D((w / 2, h / 2), degrees, scale)
            matrix[:, 2] += (x - w / 2, y - h / 2)
            over(picture, cv2.warpAffine(cutout, matrix, (700, 1200), flags=cv2.INTER_LINEAR))

        for step in range(4):
            side = 1 if step % 2 else -1
            place(leaf if side > 0 else cv2.flip(leaf, 1), 350 + side * 120, 790 + 85 * step + random.uniform(-20, 20),
                  side * random.uniform(8, 40), 1.0)
        place(head, 350, 600, random.uniform(0, 360), 1.0)
        return picture

    @staticmethod
    def cloud_layer(pictures):
        picture = read(pictures / "picosdeeuropa_by_Aitzol_Berasategi.jpg", 1280)
        region = polygon(picture.shape, [(40, 40), (640, 40), (640, 190), (600, 235), (575, 300), (420, 380), (380, 360),
                                         (330, 330), (250, 320), (200, 280), (150, 240), (60, 180)], 16)
        white = smoothstep(70, 235, picture[..., 2]) * region
        cloud = np.dstack([np.float32([250, 248, 246]) * white[..., None], white])[40:440, 30:660]
        sheet = np.zeros((560, 2400, 4), np.float32)
        for x, y, size, flip in ((40, 40, 1.15, False), (820, 0, 0.95, True), (1500, 90, 1.2, False)):
            piece = cv2.flip(cloud, 1) if flip else cloud
            piece = cv2.resize(piece, None, fx=size, fy=size * 0.8, interpolation=cv2.INTER_AREA)
            part = sheet[y:y + piece.shape[0], x:x + piece.shape[1]]
            piece = piece[:part.shape[0], :part.shape[1]]
            np.maximum(part, piece, out=part)
        return sheet

    def draw(self, t):
        camera = Camera(self.shake, t, 1.0 + 0.012 * t)
        pan = 34 * (t - 1.6)  # how far the camera has walked to the right
        canvas = camera.sample(self.blue, (880 + 0.05 * pan, 380))
        over(canvas, camera.sample(self.clouds, (900 - 16 * t + 0.05 * pan, 348)))
        over(canvas, camera.relief(self.land, self.depth, (880, 470), 0.86, (1.7 * pan, 0.0)))
        self.petals.draw(canvas, camera, t)
        for number, (head, x, y, size, speed) in enumerate(self.row):
            sway = np.sin(1.7 * t + number * 1.3)
            over(canvas, camera.sprite(head, (x - speed * t + 7 * sway, y + 3 * np.cos(2.1 * t + number)),
                                       0.04 * sway, size))
        return canvas


class Pagoda:
    """A pagoda before a lake, trees in front of it; the camera rises."""

    def __init__(self, pictures):
        picture = read(pictures / "china.jpg")
        picture = cv2.resize(picture, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC).clip(0, 255)
        picture = np.clip(picture + 0.6 * (picture - cv2.GaussianBlur(picture, (0, 0), 2.0)), 0, 255)
        luma = picture @ np.float32([0.114, 0.587, 0.299])
        shape = picture.shape
        tower = np.float32([(205, 30), (218, 34), (218, 60), (240, 85), (270, 105), (322, 122), (322, 140), (298, 140),
                            (300, 165), (332, 170), (332, 186), (322, 192), (325, 238), (354, 248), (354, 262),
                            (343, 275), (352, 322), (378, 330), (352, 380), (320, 427), (200, 427), (60, 350), (60, 335),
                            (78, 322), (80, 285), (60, 268), (64, 250), (96, 240), (96, 190), (82, 186), (82, 170),
                            (120, 163), (118, 140), (92, 132), (94, 108), (116, 98), (160, 90), (190, 62), (192, 34)])
        trees = np.float32([(0, 140), (30, 180), (78, 230), (60, 270), (10, 285), (50, 350), (130, 328), (200, 360),
                            (290, 390), (325, 400), (340, 380), (400, 330), (440, 310), (520, 270), (545, 300),
                            (548, 200), (590, 135), (640, 150), (640, 427), (0, 427)])
        sky = smoothstep(150, 200, luma)
        near_tower = polygon(shape, tower * 2, 3)
        around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (29, 29))
        near_trees = polygon(shape, trees * 2, 4) * (1 - 0.9 * sky)
        row = np.arange(shape[0], dtype=np.float32)[:, None] / 2
        lake = np.clip((row - 205) / 220, 0, 1) * 0.25 * np.ones((1, shape[1]), np.float32)
        # the sky is exchanged, so what is near may reach over it and keep its outline whole
        depth = np.maximum(lake, 0.5 * cv2.dilate(near_tower, around))
        depth = np.maximum(depth, 0.95 * cv2.dilate(near_trees, around))
        self.depth = cv2.GaussianBlur(depth.astype(np.float32), (0, 0), 3.5)
        blue_sky = polygon(shape, np.float32([(0, 0), (640, 0), (640, 205), (0, 205)]) * 2, 20) * (1 - near_tower)
        keep = 1 - smoothstep(178, 206, luma) * blue_sky
        self.land = layer(picture, keep)
        self.sky = np.ascontiguousarray(np.broadcast_to(
            np.float32([236, 178, 112]) * (1 - row / 215).clip(0, 1)[..., None]
            + np.float32([238, 226, 208]) * (row / 215).clip(0, 1)[..., None], shape))
        self.clouds = Meadow.cloud_layer(pictures)
        self.petals = Petals(flower_heads(pictures)[1], 9, 8)
        self.shake = Shake(23)

    def draw(self, t):
        camera = Camera(self.shake, t, 1.02 + 0.018 * t)
        along, rise = 26 * (t - 1.3), 16 * (1.3 - t)
        canvas = camera.sample(self.sky, (640 + 0.1 * along, 400 + 0.3 * rise))
        over(canvas, camera.sample(self.clouds, (1250 + 22 * t, 330 + 0.3 * rise), 1.05))
        over(canvas, camera.relief(self.land, self.depth, (618, 346 + 0.4 * rise), 1.10, (0.8 * along, 0.9 * rise)))
        self.petals.draw(canvas, camera, t)
        return canvas


class Astronaut:
    """A portrait before mountains: she breathes, turns her head a little, and shifts her weight."""

    def __init__(self, pictures):
        picture = read(pictures / "astronaut.png")
        outline = [(150, 110), (148, 60), (175, 22), (225, 8), (275, 18), (308, 60), (306, 110), (288, 140), (275, 165),
                   (318, 225), (345, 245), (366, 300), (368, 345), (420, 335), (470, 350), (500, 390), (512, 440),
                   (512, 512), (14, 512), (12, 440), (14, 400), (24, 330), (34, 290), (60, 240), (95, 205), (112, 170),
                   (160, 145), (178, 140), (160, 130)]
        inside = [(165, 90), (166, 60), (185, 38), (230, 24), (270, 36), (290, 70), (288, 105), (270, 130), (256, 170),
                  (262, 190), (296, 225), (300, 240), (335, 262), (350, 310), (352, 362), (420, 352), (460, 368),
                  (482, 400), (494, 470), (494, 512), (40, 512), (32, 420), (50, 320), (55, 300), (80, 240), (125, 208),
                  (122, 185), (185, 160), (184, 128), (170, 112)]
        wall = [(266, 136), (290, 140), (290, 176), (272, 172), (259, 166)]  # the bright gap beside her neck
        mask = np.full(picture.shape[:2], cv2.GC_BGD, np.uint8)
        cv2.fillPoly(mask, [np.array(outline)], cv2.GC_PR_FGD)
        cv2.fillPoly(mask, [np.array(inside)], cv2.GC_FGD)
        cv2.fillPoly(mask, [np.array(wall)], cv2.GC_BGD)
        cv2.grabCut(picture.astype(np.uint8), mask, None, np.zeros((1, 65)), np.zeros((1, 65)), 8,
                    cv2.GC_INIT_WITH_MASK)
        alpha = cv2.GaussianBlur(np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32), (0, 0), 1.0)
        alpha = smoothstep(0.25, 0.85, alpha)
        self.person = layer(picture * np.float32([0.97, 1.0, 1.03]), alpha)
        background = read(pictures / "picosdeeuropa_by_Aitzol_Berasategi.jpg", 1760)
        background = np.clip(255 * (background / 255) ** 0.82, 0, 255).astype(np.float32)
        self.background = cv2.GaussianBlur(background, (0, 0), 1.8)  # out of focus
        k = 1760 / 1280
        ground = polygon(background.shape, np.float32([(0, 420), (250, 470), (500, 530), (600, 565), (850, 620),
                                                       (1280, 640), (1280, 960), (0, 960)]) * k, 8)
        row = np.arange(background.shape[0], dtype=np.float32)[:, None] / k
        self.depth = cv2.GaussianBlur((ground * np.clip((row - 400) / 500, 0, 1)).astype(np.float32), (0, 0), 6)
        self.petals = Petals(flower_heads(pictures)[1], 3, 7)
        self.shake = Shake(42)

    def draw(self, t):
        camera = Camera(self.shake, t, 1.03 + 0.010 * t)
        along = 30 * (t - 1.6)
        canvas = camera.relief(self.background, self.depth, (830 + 0.8 * along, 560), 0.98, (0.9 * along, 0.0))
        x, y = camera.coordinates()
        scale, left, top = 1.36, 470 - 1.1 * along, 46
        u = (x + WIDTH / 2 - left) / scale
        v = (y + HEIGHT / 2 - top) / scale
        weight = 1 - smoothstep(150, 260, v)  # 1 on the head, 0 on the suit
        lean = 0.016 * np.sin(2 * np.pi * 0.31 * t + 0.6)
        u = u - (520 - v) * np.float32(lean) - weight * np.float32(3.2 * np.sin(2 * np.pi * 0.47 * t))
        v = v + np.float32(1.6 * np.sin(2 * np.pi * 0.36 * t)) - weight * np.float32(1.8 * np.sin(2 * np.pi * 0.62 * t + 1))
        v = v + weight * (u - 226) * np.float32(0.022 * np.sin(2 * np.pi * 0.40 * t))
        if t > 0.4:
            back = canvas.copy()
            self.petals.draw(back, camera, t)
            canvas = back
        over(canvas, cv2.remap(self.person, u.astype(np.float32), v.astype(np.float32), cv2.INTER_LINEAR,
                               borderMode=cv2.BORDER_CONSTANT))
        return canvas


def sensor(frame, random):
    """Shot and read noise, stronger in the shadows after the camera's curve, colour noise coarser than luma noise."""
    level = frame / 255
    strength = 1.5 + 2.6 * np.sqrt(level) * (1 - 0.55 * level)
    grey = random.standard_normal(frame.shape[:2], np.float32)[..., None]
    colour = cv2.GaussianBlur(random.standard_normal(frame.shape, np.float32), (0, 0), 0.8)
    return frame + strength * (0.75 * grey + 0.9 * colour)


def main():
    pictures, out = Path(sys.argv[1]), sys.argv[2]
    only = [int(n) for n in sys.argv[3].split(",")] if len(sys.argv) > 3 else None
    cv2.setNumThreads(1)
    random = np.random.default_rng(2026)
    drift = Shake(77)
    yy, xx = np.mgrid[-1:1:360j, -1:1:640j].astype(np.float32)
    vignette = (1 - 0.13 * (xx * xx + yy * yy))[..., None]
    number = 0
    with open(out, "wb") as file:
        for scene_type, seconds in zip((Meadow, Pagoda, Astronaut), SCENE_SECONDS):
            scene = scene_type(pictures)
            for index in range(round(seconds * RATE)):
                if only is None or number in only:
                    moments = [(index + 0.5 * m / EXPOSURES) / RATE for m in range(EXPOSURES)]
                    frame = sum(scene.draw(t) for t in moments) / EXPOSURES
                    frame = cv2.resize(frame, (WIDTH // 2, HEIGHT // 2), interpolation=cv2.INTER_AREA)
                    frame = frame * vignette * (1 + 0.0022 * drift(number / RATE)[0])
                    frame = sensor(np.clip(frame, 0, 255), random)
                    file.write(np.clip(frame + 0.5, 0, 255).astype(np.uint8)[..., ::-1].tobytes())
                number += 1
    print(f"{number} frames")


main()
