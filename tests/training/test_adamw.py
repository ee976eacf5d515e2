"""AdamW against optax's own, which has the learning rate inside."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.sharding import PartitionSpec as P

from flan_mix.training import AdamW

PARAMS = {"kernel": jnp.linspace(-1.0, 1.0, 12).reshape(3, 4), "scale": jnp.ones(4)}


def test_five_steps_are_those_of_optax():
    optimizer = AdamW(b1=0.8, b2=0.99, weight_decay=0.1, max_gradient_norm=0.5).build()
    reference = optax.chain(
        optax.clip_by_global_norm(0.5),
        optax.adamw(0.01, b1=0.8, b2=0.99, weight_decay=0.1, mask={"kernel": True, "scale": False}),
    )
    ours = theirs = PARAMS
    state, reference_state = optimizer.init(ours), reference.init(theirs)
    for step in range(5):
        gradients = jax.tree.map(lambda p, scale=step: jnp.cos(p * (scale + 2)), PARAMS)
        updates, state = optimizer.update(
            gradients, state, ours, jnp.int32(step), jnp.float32(0.01)
        )
        ours = optax.apply_updates(ours, updates)
        updates, reference_state = reference.update(gradients, reference_state, theirs)
        theirs = optax.apply_updates(theirs, updates)
    for name in PARAMS:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-6)


def test_moments_lie_on_the_mesh_as_the_parameters_do_and_the_count_is_replicated():
    optimizer = AdamW(max_gradient_norm=1.0).build()
    specs = {"kernel": P("data", "model"), "scale": P("data")}
    found = optimizer.state_specs(PARAMS, specs)
    adam = next(part for part in jax.tree.leaves(found, is_leaf=_is_adam) if _is_adam(part))
    assert (adam.mu, adam.nu, adam.count) == (specs, specs, P())
    assert jax.tree.structure(found) == jax.tree.structure(optimizer.init(PARAMS))


def _is_adam(part) -> bool:
    return isinstance(part, optax.ScaleByAdamState)
