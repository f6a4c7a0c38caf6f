"""Adam in the form of its authors and of PyTorch."""

import tensorflow as tf

from digits.recipes import Recipe


class Adam:
    """Adam as Kingma and Ba (2014, arXiv:1412.6980) and PyTorch have it, on variables that stay in their own precision.

    Keras adds epsilon to the root of the second moment before its bias is corrected. TensorFlow's fused operation does
    so too, but takes epsilon anew at each step: scaled by the correction, it is the same as adding it afterwards.
    """

    def __init__(self, weights: list[tf.Variable], recipe: Recipe):
        self.weights, self.recipe = weights, recipe
        self.steps = tf.Variable(tf.zeros((), weights[0].dtype))
        self.first = [tf.Variable(tf.zeros_like(weight)) for weight in weights]
        self.second = [tf.Variable(tf.zeros_like(weight)) for weight in weights]

    def apply(self, gradients: list[tf.Tensor]) -> None:
        """One step, with a gradient for each weight."""
        recipe = self.recipe
        steps = self.steps.assign_add(tf.ones((), self.steps.dtype))
        power_1, power_2 = recipe.beta_1**steps, recipe.beta_2**steps
        epsilon = recipe.epsilon * tf.sqrt(1 - power_2)
        for weight, first, second, gradient in zip(self.weights, self.first, self.second, gradients, strict=True):
            tf.raw_ops.ResourceApplyAdam(
                var=weight.handle,
                m=first.handle,
                v=second.handle,
                beta1_power=power_1,
                beta2_power=power_2,
                lr=tf.constant(recipe.learning_rate, weight.dtype),
                beta1=tf.constant(recipe.beta_1, weight.dtype),
                beta2=tf.constant(recipe.beta_2, weight.dtype),
                epsilon=epsilon,
                grad=gradient,
            )

    def state(self) -> dict[str, tf.Variable]:
        """What the next step depends on; assigning to these variables changes it."""
        kinds = {"weights": self.weights, "first": self.first, "second": self.second}
        named = {f"{kind}.{index}": one for kind, variables in kinds.items() for index, one in enumerate(variables)}
        return {**named, "steps": self.steps}
