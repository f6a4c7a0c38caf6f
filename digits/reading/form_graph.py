"""MNIST's form as an ONNX graph, `form.onnx`: the one definition, which Python and the browser both compute.

`python -m digits.reading.form_graph` writes it anew. Every step is a product with a matrix of weights, so that digits
of any size go through at once.
"""

from pathlib import Path

import onnx
from onnxscript import FLOAT, INT64, UINT8, script
from onnxscript import opset18 as op

FORM = Path(__file__).with_name("form.onnx")


@script()
def weights(begin: FLOAT, length: FLOAT, cells: FLOAT, before: FLOAT, count: INT64, size: INT64) -> FLOAT:
    """How much each of `size` pixels adds to each of `count` cells, `(n, count, size)`.

    The stretch from `begin` of this `length` becomes so many `cells`, the first of which follows `before` empty ones;
    all four are `(n, 1, 1)`. A cell is the mean of what lies in it or, where it is less than a pixel, of a pixel around
    its middle: the one is what is called area interpolation, the other is linear interpolation.
    """
    step = length / cells
    middle = begin + (op.Unsqueeze(op.Cast(op.Range(0, count, 1), to=1), [0, 2]) - before + 0.5) * step
    half = op.Max(step, 1.0) / 2.0
    low = op.Max(middle - half, begin)
    high = op.Min(middle + half, begin + length)
    pixel = op.Unsqueeze(op.Cast(op.Range(0, size, 1), to=1), [0, 1])
    return op.Relu(op.Min(high, pixel + 1.0) - op.Max(low, pixel)) / op.Max(high - low, 0.001)


@script()
def form(ink: UINT8["n", "h", "w"], width: FLOAT["n"]) -> UINT8["n", 28, 28]:  # noqa: F821
    """From digits' pixels, where ink is more than 127, and the width of strokes to MNIST's form; see `form.py`."""
    drawn = op.Cast(op.Greater(ink, op.Constant(value=onnx.helper.make_tensor("half", 2, [], [127]))), to=1)
    shape = op.Shape(ink)
    rows, columns = shape[1], shape[2]

    # The box around the ink.
    in_row = op.ReduceMax(drawn, [2], keepdims=1)  # (n, h, 1)
    in_column = op.ReduceMax(drawn, [1], keepdims=1)  # (n, 1, w)
    top = op.Cast(op.ArgMax(in_row, axis=1), to=1)  # (n, 1, 1), as all that follows
    left = op.Cast(op.ArgMax(in_column, axis=2), to=1)
    height = op.Cast(op.ArgMax(in_row, axis=1, select_last_index=1), to=1) + 1.0 - top
    breadth = op.Cast(op.ArgMax(in_column, axis=2, select_last_index=1), to=1) + 1.0 - left

    # Fine: six times as large as in the end a digit is while its strokes are made thicker.
    shrink = op.Min(1.0, 120.0 / op.Max(height, breadth))
    high = op.Max(1.0, op.Round(height * shrink))
    wide = op.Max(1.0, op.Round(breadth * shrink))
    missing = op.Max(high, wide) / 10.0 - op.Unsqueeze(width, [1, 2]) * shrink  # pixels, for strokes of 2 of the 20
    radius = op.Where(missing >= 1.0, op.Max(1.0, op.Round(missing / 2.0)), 0.0)
    all_high = high + 2.0 * radius
    all_wide = wide + 2.0 * radius
    fine_rows = op.Cast(op.ReduceMax(all_high, keepdims=0), to=7)
    fine_columns = op.Cast(op.ReduceMax(all_wide, keepdims=0), to=7)
    down = weights(top, height, high, radius, fine_rows, rows)  # (n, fine rows, h)
    across = weights(left, breadth, wide, radius, fine_columns, columns)
    fine = op.Unsqueeze(op.MatMul(op.MatMul(down, drawn), op.Transpose(across, perm=[0, 2, 1])), [1])

    # Thicker by a pixel all around, crosses and squares in turn, which together are nearly round.
    reach = op.Unsqueeze(radius, [1])
    for k in range(op.Cast(op.ReduceMax(radius, keepdims=0), to=7)):
        number = op.Cast(k, to=1) + 1.0
        beside = op.MaxPool(fine, kernel_shape=[1, 3], pads=[0, 1, 0, 1])
        above = op.MaxPool(fine, kernel_shape=[3, 1], pads=[1, 0, 1, 0])
        square = op.MaxPool(beside, kernel_shape=[3, 1], pads=[1, 0, 1, 0])
        thicker = op.Where(op.Mod(number, 2.0, fmod=1) >= 1.0, op.Max(beside, above), square)
        fine = op.Where(number <= reach, thicker, fine)
    fine = op.Squeeze(fine, [1])

    # Into 20 × 20 in proportion, and the centre of the mass to 14, 14.
    zero = radius * 0.0
    factor = 20.0 / op.Max(all_high, all_wide)
    small_high = op.Max(1.0, op.Round(all_high * factor))
    small_wide = op.Max(1.0, op.Round(all_wide * factor))
    down_small = weights(zero, all_high, small_high, zero, op.Constant(value_int=20), fine_rows)
    across_small = weights(zero, all_wide, small_wide, zero, op.Constant(value_int=20), fine_columns)
    small = op.MatMul(op.MatMul(down_small, fine), op.Transpose(across_small, perm=[0, 2, 1]))  # (n, 20, 20)
    place = op.Cast(op.Range(0, 20, 1), to=1)
    mass = op.Max(op.ReduceSum(small, [1, 2], keepdims=1), 0.001)
    y = op.ReduceSum(small * op.Unsqueeze(place, [0, 2]), [1, 2], keepdims=1) / mass
    x = op.ReduceSum(small * op.Unsqueeze(place, [0, 1]), [1, 2], keepdims=1) / mass
    from_top = op.Min(op.Max(op.Round(14.0 - y), 0.0), 28.0 - small_high)
    from_left = op.Min(op.Max(op.Round(14.0 - x), 0.0), 28.0 - small_wide)
    side = op.Unsqueeze(op.Cast(op.Range(0, 28, 1), to=1), [0, 2])  # (1, 28, 1)
    moved_down = op.Cast(op.Equal(side, op.Unsqueeze(place, [0, 1]) + from_top), to=1)  # (n, 28, 20)
    moved_across = op.Cast(op.Equal(side, op.Unsqueeze(place, [0, 1]) + from_left), to=1)
    image = op.MatMul(op.MatMul(moved_down, small), op.Transpose(moved_across, perm=[0, 2, 1]))
    images = op.Cast(op.Round(255.0 * image), to=2)
    return images  # noqa: RET504  # whose name is that of the graph's output


def form_graph() -> bytes:
    """The bytes of `form.onnx`."""
    model = form.to_model_proto(ir_version=10)
    onnx.checker.check_model(model)
    return model.SerializeToString()


if __name__ == "__main__":
    FORM.write_bytes(form_graph())
