"""Drawings of expression trees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    from symhpo.formula.expression import Node
    from symhpo.formula.formula import Formula

__all__ = ["draw_tree", "save_tree"]

POINTS_PER_INCH = 72
FONT_SIZE = 10.0
PADDING = 5.0  # around a label, in points as all lengths here
BOX_HEIGHT = FONT_SIZE + 2 * PADDING
GAP = 10.0  # between neighbours
LEVEL_HEIGHT = 40.0
MARGIN = 8.0

# Fills of the Okabe-Ito palette, which people with colour vision deficiency tell apart.
FILLS = {"hyperparameter": "#56B4E9", "operator": "#FFFFFF", "constant": "#F0E442"}
SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
SYMBOLS = {
    "Add": "+",
    "Mul": "×",
    "Pow": "^",
    "Abs": "|·|",
    "Min": "min",
    "Max": "max",
    "log10": "log₁₀",
    "log2": "log₂",
    "ceiling": "ceil",
    "Piecewise": "if",
    "StrictLessThan": "<",
    "LessThan": "≤",
    "StrictGreaterThan": ">",
    "GreaterThan": "≥",
    "Equality": "=",
    "Unequality": "≠",
    "And": "and",
    "Or": "or",
    "Not": "not",
}


@dataclass
class Box:
    """A node of the drawing: its label and kind, the boxes below it, its place in points."""

    label: str
    kind: str
    children: list[Box] = field(default_factory=list)
    width: float = 0.0
    x: float = 0.0
    depth: int = 0

    def walk(self) -> list[Box]:
        """Return the box and all below it."""
        return [self, *(box for child in self.children for box in child.walk())]


def draw_tree(formula: Formula) -> Figure:
    """Draw a formula's expression tree.

    Hyperparameters are rounded blue boxes, operators white ellipses, constants (four significant
    digits) yellow rectangles. Roots and powers with a constant exponent are one node, and so are
    the pieces of a `Piecewise`, whose conditions stand left of their values.

    Returns
    -------
    matplotlib.figure.Figure
        As large as the tree needs at a font size of 10 points.
    """
    from matplotlib.figure import Figure

    root = _to_box(formula.expression)
    _measure(root)
    _place(root)
    boxes = root.walk()
    left = min(box.x - box.width / 2 for box in boxes) - MARGIN
    right = max(box.x + box.width / 2 for box in boxes) + MARGIN
    top = BOX_HEIGHT / 2 + MARGIN
    bottom = -max(box.depth for box in boxes) * LEVEL_HEIGHT - top
    figure = Figure(figsize=((right - left) / POINTS_PER_INCH, (top - bottom) / POINTS_PER_INCH))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(left, right), ylim=(bottom, top))
    axes.axis("off")
    _paint(axes, root)
    return figure


def save_tree(formula: Formula, path: Path, formats: Sequence[str] = ("pdf", "svg", "png")) -> list[Path]:
    """Write the drawing as `path` with the suffix of each format; return the files.

    The same formula gives the same bytes.
    """
    import matplotlib

    files = []
    with matplotlib.rc_context({"svg.hashsalt": "symhpo", "svg.fonttype": "path", "pdf.fonttype": 42}):
        figure = draw_tree(formula)
        for suffix in formats:
            file = path.with_name(f"{path.name}.{suffix}")
            metadata = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}.get(suffix)
            figure.savefig(file, dpi=200, metadata=metadata)
            files.append(file)
    return files


def _to_box(node: Node) -> Box:
    import sympy

    from symhpo.formula.expression import negate

    if node.is_Symbol:
        return Box(node.name, "hyperparameter")
    if not node.args:
        return Box(_number(node), "constant")
    if node.is_Pow and node.exp.is_Rational:
        return Box(_power_label(node.exp), "operator", [_to_box(node.base)])
    if node.is_Mul and node.args[0] is sympy.S.NegativeOne:
        return Box("−", "operator", [_to_box(negate(node))])
    return Box(SYMBOLS.get(node.func.__name__, node.func.__name__), "operator", _children(node))


def _children(node: Node) -> list[Box]:
    import sympy

    if not node.is_Piecewise:
        return [_to_box(argument) for argument in node.args]
    children = []
    for value, condition in node.args:
        if condition is not sympy.true:
            children.append(_to_box(condition))
        children.append(_to_box(value))
    return children


def _number(node: Node) -> str:
    if not node.is_Number:
        return {"pi": "π", "E": "e"}.get(str(node), str(node))
    text = str(node) if node.is_Rational else f"{float(node):.4g}"
    return text.replace("-", "−")


def _power_label(exponent: Node) -> str:
    magnitude = abs(exponent)
    if magnitude == 1:
        base = "·"
    elif (magnitude.p, magnitude.q) == (1, 2):
        base = "√"
    else:
        base = f"·{str(magnitude).translate(SUPERSCRIPTS)}" if magnitude.q == 1 else f"·^({magnitude})"
    return base if exponent > 0 else f"1/{base}"


def _measure(root: Box) -> None:
    """Set every box's width from its label, and its depth."""
    from matplotlib.textpath import TextPath

    def measure(box: Box, depth: int) -> None:
        box.depth = depth
        label_width = TextPath((0, 0), box.label, size=FONT_SIZE).get_extents().width
        # A label fills an ellipse less than a rectangle.
        stretch = 1.25 if box.kind == "operator" else 1.0
        box.width = max(stretch * label_width + 2 * PADDING, BOX_HEIGHT)
        for child in box.children:
            measure(child, depth + 1)

    measure(root, 0)


# Leftmost and rightmost extent of a subtree on each of its levels.
Outline = list[tuple[float, float]]


def _place(box: Box) -> Outline:
    """Set the x of a subtree's boxes and return its outline.

    Subtrees stand as close as their outlines allow, level by level, and a parent above the middle
    of its children, as by Reingold and Tilford, "Tidier drawings of trees", IEEE Transactions on
    Software Engineering 7 (1981) 223-228.
    """
    below: Outline = []
    for child in box.children:
        outline = _place(child)
        shift = max((b[1] + GAP - o[0] for b, o in zip(below, outline, strict=False)), default=0.0)
        for moved in child.walk():
            moved.x += shift
        moved_outline = [(left + shift, right + shift) for left, right in outline]
        merged = [(b[0], o[1]) for b, o in zip(below, moved_outline, strict=False)]
        shared = len(merged)
        below = merged + below[shared:] + moved_outline[shared:]
    if box.children:
        box.x = (box.children[0].x + box.children[-1].x) / 2
    return [(box.x - box.width / 2, box.x + box.width / 2), *below]


def _paint(axes: Axes, root: Box) -> None:
    for box in root.walk():
        y = -box.depth * LEVEL_HEIGHT
        for child in box.children:
            # To the child's upper edge, so that the line stays above its siblings.
            top = y - LEVEL_HEIGHT + BOX_HEIGHT / 2
            axes.plot([box.x, child.x], [y, top], color="0.4", linewidth=1, zorder=1)
        axes.add_patch(_shape(box, y))
        axes.text(
            box.x, y, box.label, fontsize=FONT_SIZE, ha="center", va="center_baseline", parse_math=False
        )


def _shape(box: Box, y: float) -> Patch:
    from matplotlib.patches import Ellipse, FancyBboxPatch

    shape: Patch
    if box.kind == "operator":
        shape = Ellipse((box.x, y), box.width, BOX_HEIGHT)
    else:
        corner = (box.x - box.width / 2, y - BOX_HEIGHT / 2)
        rounding = f"round,pad=0,rounding_size={BOX_HEIGHT / 2}"
        boxstyle = rounding if box.kind == "hyperparameter" else "square,pad=0"
        shape = FancyBboxPatch(corner, box.width, BOX_HEIGHT, boxstyle=boxstyle)
    shape.set(facecolor=FILLS[box.kind], edgecolor="black", linewidth=1, zorder=2)
    return shape
