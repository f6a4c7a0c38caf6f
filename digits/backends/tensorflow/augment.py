"""Augmentation of whole batches in TensorFlow."""

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from digits.datasets import SIDE
from digits.synthesis.augmentation import BASIS, CENTER, Transforms


def augment(images: tf.Tensor, warps: tf.Tensor, tones: tf.Tensor) -> tf.Tensor:
    """Images (uint8, `(n, 28, 28)`) changed as `augmentation.Transforms` say; the same shape and type."""
    x = warp(images, warps)  # (n, 28, 28), float32, from 0 to 255
    thickness, contrast, softness = tf.unstack(tones[:, :, tf.newaxis, tf.newaxis], axis=1)  # each (n, 1, 1)
    x += tf.nn.relu(thickness) * (dilate(x) - x) - tf.nn.relu(-thickness) * (x + dilate(-x))
    x += softness * (blur(x) - x)
    return tf.cast(tf.round(tf.clip_by_value(x * contrast, 0, 255)), tf.uint8)


def warp(images: tf.Tensor, warps: tf.Tensor) -> tf.Tensor:
    """Each pixel looks where the warp says, between four pixels of the old image; outside of it there is no ink."""
    places = tf.reshape(tf.reshape(warps, [-1, len(BASIS)]) @ BASIS, [-1, 2, SIDE * SIDE])
    places = tf.clip_by_value(places + CENTER, -1, SIDE)  # from further away, too, there is no ink to be seen
    corners = tf.floor(places)
    right, down = tf.unstack(places - corners, axis=1)  # each (n, 784): how far from the corner at the top left
    column, row = tf.unstack(tf.cast(corners, tf.int32) + 1, axis=1)
    # The four pixels at each corner of the image and of its empty frame, as one number: one look finds them all.
    framed = tf.pad(images, [[0, 0], [1, 2], [1, 2]])  # (n, 31, 31)
    wide, high = framed[:, :, 1:], framed[:, 1:]
    squares = tf.stack([framed[:, :-1, :-1], wide[:, :-1], high[:, :, :-1], wide[:, 1:]], axis=-1)
    squares = tf.reshape(tf.bitcast(squares, tf.int32), [-1])  # (n * 30 * 30,)
    first = tf.range(tf.shape(images)[0])[:, tf.newaxis] * (30 * 30)  # (n, 1): where each image begins
    found = tf.bitcast(tf.gather(squares, first + row * 30 + column), tf.uint8)  # (n, 784, 4)
    top_left, top_right, low_left, low_right = tf.unstack(tf.cast(found, tf.float32), axis=-1)
    top = top_left + right * (top_right - top_left)
    low = low_left + right * (low_right - low_left)
    return tf.reshape(top + down * (low - top), [-1, SIDE, SIDE])


def dilate(x: tf.Tensor) -> tf.Tensor:
    """The largest of each 3 × 3 pixels."""
    x = tf.pad(x, [[0, 0], [1, 1], [1, 1]])
    x = tf.maximum(tf.maximum(x[:, :-2], x[:, 1:-1]), x[:, 2:])
    return tf.maximum(tf.maximum(x[:, :, :-2], x[:, :, 1:-1]), x[:, :, 2:])


def blur(x: tf.Tensor) -> tf.Tensor:
    """Each pixel a mean of the 3 × 3 around it, the nearer the heavier."""
    x = tf.pad(x, [[0, 0], [1, 1], [1, 1]])
    x = (x[:, :-2] + 2 * x[:, 1:-1] + x[:, 2:]) / 4
    return (x[:, :, :-2] + 2 * x[:, :, 1:-1] + x[:, :, 2:]) / 4


def augmented(images: NDArray[np.uint8], transforms: Transforms) -> NDArray[np.uint8]:
    return augment(tf.constant(images), tf.constant(transforms.warps), tf.constant(transforms.tones)).numpy()
