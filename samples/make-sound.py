#!/usr/bin/env python3
"""Writes the sound of samples/clip.mp4: plucked strings, a soft chord, wind and two birds; nothing is sampled.

    make-sound.py OUT.wav SECONDS        16-bit stereo, 48 kHz
"""
import sys
import wave

import numpy as np

RATE = 48000
random = np.random.default_rng(7)


def hertz(note):
    return 440 * 2 ** ((note - 69) / 12)


def pluck(note, seconds, softness=0.5):
    """Karplus and Strong's plucked string: noise in a delay line, averaged on each round."""
    period = round(RATE / hertz(note))
    line = np.convolve(random.uniform(-1, 1, period), np.ones(4) / 4, "same")
    rounds = []
    for _ in range(int(seconds * RATE) // period + 1):
        rounds.append(line.copy())
        line = 0.9965 * ((1 - softness) * line + softness * np.roll(line, 1))
    sound = np.concatenate(rounds)[: int(seconds * RATE)]
    return sound * np.exp(-np.arange(len(sound)) / (0.55 * RATE)) * np.linspace(1, 0, len(sound)) ** 0.5


def smooth_noise(length, cutoff):
    """Noise without what lies above `cutoff` hertz."""
    spectrum = np.fft.rfft(random.standard_normal(length))
    frequency = np.fft.rfftfreq(length, 1 / RATE)
    spectrum *= 1 / (1 + (frequency / cutoff) ** 2)
    noise = np.fft.irfft(spectrum, length)
    return noise / np.abs(noise).max()


def main():
    out, seconds = sys.argv[1], float(sys.argv[2])
    length = int(seconds * RATE)
    time = np.arange(length) / RATE
    mix = np.zeros((2, length + 4 * RATE))

    def add(sound, start, pan, gain):
        """`pan` from -1 (left) to 1 (right), at constant power; the farther ear hears it 0.3 ms later."""
        at = int(start * RATE)
        angle = (pan + 1) * np.pi / 4
        for channel, level, late in ((0, np.cos(angle), pan > 0), (1, np.sin(angle), pan < 0)):
            begin = at + (14 if late else 0)
            part = mix[channel, begin:begin + len(sound)]
            part += gain * level * sound[: len(part)]

    # one chord for each scene, and a last one to rest on
    chords = [(0.0, (48, 55, 59, 64, 67, 71)), (3.2, (45, 52, 57, 60, 64, 67)), (5.8, (41, 53, 57, 60, 64, 69)),
              (7.6, (48, 55, 60, 64, 67, 72))]
    order = (0, 2, 3, 5, 4, 3, 1, 4)
    for index, (start, notes) in enumerate(chords):
        end = chords[index + 1][0] if index + 1 < len(chords) else seconds
        step, beat = 0, start
        while beat < end - 0.05:
            which = order[step % len(order)]
            add(pluck(notes[which], 2.2), beat, -0.7 if step % 2 else 0.6, 0.34 if step == 0 else 0.24)
            step, beat = step + 1, beat + 0.2
        span = np.arange(int((end - start + 0.5) * RATE)) / RATE
        swell = np.clip(span / 0.6, 0, 1) * np.clip((end - start + 0.5 - span) / 0.5, 0, 1)
        for place, note in enumerate(notes[1:5]):
            tone = sum(np.sin(2 * np.pi * hertz(note) * k * span * (1 + 0.0006 * place)) / k ** 2.4 for k in (1, 2, 3))
            add(tone * swell, start, -0.8 + 0.5 * place, 0.02)
    for start, pan, base in ((0.9, 0.85, 2600), (1.15, 0.85, 3000), (4.2, -0.8, 3300), (4.4, -0.8, 2900),
                             (4.6, -0.8, 3300), (6.9, 0.7, 2800)):
        span = np.arange(int(0.13 * RATE)) / RATE
        phase = 2 * np.pi * np.cumsum(base + 700 * np.sin(2 * np.pi * 11 * span)) / RATE
        add(np.sin(phase) * np.sin(np.pi * span / 0.13) ** 2, start, pan, 0.05)
    for channel in range(2):
        gust = 0.5 + 0.5 * np.sin(2 * np.pi * (0.17 * time + 0.37 * channel))
        mix[channel, :length] += 0.07 * gust * smooth_noise(length, 420)

    mix = mix[:, :length] * np.clip(time / 0.05, 0, 1) * np.clip((seconds - time) / 0.7, 0, 1)
    mix = np.tanh(1.6 * mix / np.abs(mix).max()) * 0.6
    with wave.open(out, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((mix.T * 32767).astype("<i2").tobytes())


main()
