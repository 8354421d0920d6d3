"""By how much did everybody change, counting the people who answered only once too?

Question: the change between the first and last wave in a mixed model for repeated measures with wave as its only fixed
effect and an unstructured covariance, over all available people. Assumes that answers are missing at random given the
answers that were seen. The headline over all sites; on complete pairs it is the paired t test.
Reference: see reml.py.
"""

from __future__ import annotations

import numpy as np

from pipeline.models import paired_t, reml
from pipeline.models.estimate import Estimate, describe, not_estimated, why_not, with_t
from pipeline.pairing.link import Pairs

SCOPES = ("all", "site")
METHOD = "mixed model for repeated measures: REML, wave as fixed effect, unstructured covariance, {df} degrees of freedom"
DF_NAMES = {"kenward_roger_linear": "Kenward-Roger-Linear", "satterthwaite": "Satterthwaite"}
REFERENCE = paired_t.REFERENCE | {
    "source": "On complete pairs the wave-only model is the paired t test: R 4.2.2, t.test on datasets::sleep"
}


def fit(pairs: Pairs, outcome: str, df_method: str = "kenward_roger_linear") -> Estimate:
    """Change (points) with its t interval over all people with an answer in any wave; not estimated below 3 pairs."""
    values = pairs.here
    base = describe(pairs, outcome, "mmrm", METHOD.format(df=DF_NAMES[df_method]), values)
    if reason := why_not(pairs):
        return not_estimated(base, reason)
    # A wave in which nobody answered says nothing about the others.
    values = values[:, ~np.isnan(values).all(axis=0)]
    n, t = values.shape
    weights = np.zeros(t)
    weights[[0, -1]] = -1.0, 1.0
    try:
        contrast = reml.fit(values, np.broadcast_to(np.eye(t), (n, t, t))).contrast(weights, df_method)
    except reml.NotFittedError as why:
        return not_estimated(base, str(why))
    return with_t(base, contrast.estimate, contrast.std_error, contrast.df)
