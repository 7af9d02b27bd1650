"""Words that streets are named by, and what ends a street's name."""

from cordboard.activities.redaction.word_sets import words

STREET_NAMES = words(
    """
    elm maple oak pine cedar walnut chestnut cypress birch willow magnolia hickory juniper sycamore spruce laurel poplar
    aspen cherry dogwood main broadway market church mill lincoln washington jefferson madison jackson adams monroe
    franklin vine broad grand park state center front water high bridge spring river lake hill ridge valley forest
    """
)
DIRECTIONS = words("north south east west northeast northwest southeast southwest n s e w ne nw se sw")
