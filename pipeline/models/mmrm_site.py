"""By how much did one site change, when all sites share one covariance over the waves?

Question: one site's change between the first and last wave in a mixed model with wave by site. Secondary: it borrows
one variance for all sites, so where a site's own variance differs its interval is too wide or too narrow.
Reference: see reml.py.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from pipeline.models import paired_t, reml
from pipeline.models.estimate import Estimate, describe, not_estimated, why_not, with_t
from pipeline.models.mmrm import DF_NAMES
from pipeline.pairing.link import Pairs

SCOPES = ("site",)
METHOD = (
    "mixed model for repeated measures: REML, wave by site, one unstructured covariance for all sites, {df} degrees of freedom"
)
REFERENCE = paired_t.REFERENCE | {
    "source": "One site with complete pairs is the paired t test: R 4.2.2, t.test on datasets::sleep"
}


def fit(pairs: Pairs, outcome: str, df_method: str = "kenward_roger_linear") -> Estimate:
    """The site's change (points) with its t interval; `n` counts everybody in the model, the other counts the site's own.

    Sites without an answer in some wave are left out of the model.
    """
    base = describe(pairs, outcome, "mmrm_site", METHOD.format(df=DF_NAMES[df_method]), pairs.here)
    if reason := why_not(pairs):
        return not_estimated(base, reason)
    asked = pairs.values[:, ~np.isnan(pairs.values).all(axis=0)]
    sites = [s for s in range(len(pairs.site_ids)) if not np.isnan(asked[pairs.sites == s]).all(axis=0).any()]
    if (own := pairs.site_ids.index(pairs.site)) not in sites:
        return not_estimated(base, "nobody at this site answered in one of the waves")
    kept = np.isin(pairs.sites, sites)
    values, place = asked[kept], np.searchsorted(sites, pairs.sites[kept])
    weights = np.zeros((len(sites), values.shape[1]))
    weights[sites.index(own), [0, -1]] = -1.0, 1.0
    try:
        contrast = _fitted(values.tobytes(), place.tobytes(), values.shape, len(sites)).contrast(weights.ravel(), df_method)
    except reml.NotFittedError as why:
        return not_estimated(base, str(why))
    base = replace(base, n=int((~np.isnan(values)).any(axis=1).sum()))
    return with_t(base, contrast.estimate, contrast.std_error, contrast.df)


@lru_cache(maxsize=1)
def _fitted(values: bytes, place: bytes, shape: tuple[int, int], sites: int) -> reml.Fit:
    """The model of all sites, fitted once: only the contrast differs from site to site."""
    n, t = shape
    design = np.zeros((n, t, sites, t))
    for wave in range(t):
        design[np.arange(n), wave, np.frombuffer(place, dtype=np.intp), wave] = 1.0
    return reml.fit(np.frombuffer(values).reshape(shape), design.reshape(n, t, sites * t))
