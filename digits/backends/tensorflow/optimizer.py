"""Adam in the form of its authors and of PyTorch."""

import keras
import tensorflow as tf

from digits.recipes import Recipe


class Adam:
    """Adam as Kingma and Ba (2014, arXiv:1412.6980) and PyTorch have it, on variables that stay in their own precision.

    Keras adds epsilon to the root of the second moment before its bias is corrected. TensorFlow's fused operation does
    so too, but takes epsilon anew at each step: scaled by the correction, it is the same as adding it afterwards.

    `network` is what is trained: the model, or a copy of it where the recipe asks for a running average of all weights.
    The model then holds the average: it is at any time what the training has come to.
    """

    def __init__(self, model: keras.Model, recipe: Recipe):
        self.recipe = recipe
        self.network = keras.models.clone_model(model) if recipe.ema_decay else model
        self.weights = [variable.value for variable in self.network.trainable_variables]
        self.everything, models = _variables(self.network), _variables(model)
        self.average = models if recipe.ema_decay else []
        for variable, value in zip(self.everything, models, strict=True):
            variable.assign(value)
        self.steps = tf.Variable(tf.zeros((), self.weights[0].dtype))
        self.first = [tf.Variable(tf.zeros_like(weight)) for weight in self.weights]
        self.second = [tf.Variable(tf.zeros_like(weight)) for weight in self.weights]

    def apply(self, gradients: list[tf.Tensor], learning_rate: tf.Tensor) -> None:
        """One step, with a gradient for each weight that is trained."""
        recipe = self.recipe
        steps = self.steps.assign_add(tf.ones((), self.steps.dtype))
        power_1, power_2 = recipe.beta_1**steps, recipe.beta_2**steps
        numbers = {
            "beta1_power": power_1,
            "beta2_power": power_2,
            "lr": tf.cast(learning_rate, steps.dtype),
            "beta1": tf.constant(recipe.beta_1, steps.dtype),
            "beta2": tf.constant(recipe.beta_2, steps.dtype),
            "epsilon": recipe.epsilon * tf.sqrt(1 - power_2),
        }
        for weight, first, second, gradient in zip(self.weights, self.first, self.second, gradients, strict=True):
            tf.raw_ops.ResourceApplyAdam(var=weight.handle, m=first.handle, v=second.handle, grad=gradient, **numbers)
        if recipe.ema_decay:
            # At first the average is young: it forgets the random weights that it began with.
            keep = tf.minimum((1 + steps) / (10 + steps), recipe.ema_decay)
            for average, weight in zip(self.average, self.everything, strict=True):
                average.assign_add((1 - keep) * (weight - average))

    def state(self) -> dict[str, tf.Variable]:
        """What the next step depends on; assigning to these variables changes it."""
        kinds = {"weights": self.everything, "first": self.first, "second": self.second, "average": self.average}
        named = {f"{kind}.{index}": one for kind, variables in kinds.items() for index, one in enumerate(variables)}
        return {**named, "steps": self.steps}


def _variables(network: keras.Model) -> list[tf.Variable]:
    """The trained weights, then the running means and variances of batch normalisation, but no states of dropout."""
    variables = [*network.trainable_variables, *network.non_trainable_variables]
    return [variable.value for variable in variables if variable.value.dtype.is_floating]
