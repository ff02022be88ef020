using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Compile.Passes;

/// <summary>
/// In inference, makes a batch normalisation after a convolution a part of its weights and bias: with s = γ/√(variance + ε) the weights of a filter become
/// s·w and its bias s·(b − mean) + β. The plan computes these when parameters change, not in each run.
/// </summary>
public sealed class FoldNormalizations : IPass
{
    /// <inheritdoc/>
    public Computation Run(Computation computation, int maxBatch)
    {
        var uses = new Uses(computation);
        return computation.Rewrite((node, inputs) =>
            node.Op is NormalizeOp { OfBatch: false, Adds: false, Relu: false } normalize && inputs[3].Op is VariableOp
            && uses.IsSingle(node.Inputs[0]) && inputs[0].Op is ConvOp { Adds: false, Relu: false }
                ? Fold(normalize, inputs[0], inputs[1], inputs[2], inputs[3], node.Name)
                : null);
    }

    private static Node Fold(NormalizeOp op, Node conv, Node scale, Node shift, Node statistics, string name)
    {
        var (weight, filters) = (conv.Inputs[1], scale.Shape.C);
        var deviation = New(new SqrtOp(), New(new AffineOp { Offset = op.Epsilon }, Row(1)));
        var factor = New(new DivideOp(), scale, deviation);
        int[] perFilter = [filters, .. Enumerable.Repeat(1, weight.Shape.Rank - 1)];
        var folded = New(new MultiplyOp(), weight, New(new ReshapeOp { Shape = new Shape(perFilter) }, factor));
        var centred = conv.Inputs.Count > 2 ? New(new SubtractOp(), conv.Inputs[2], Row(0)) : New(new AffineOp { Factor = -1 }, Row(0));
        var bias = New(new AddOp(), New(new MultiplyOp(), factor, centred), shift);
        return new Node(conv.Op, [conv.Inputs[0], folded, bias], name);

        Node New(Op part, params Node[] inputs) => new(part, inputs, $"{name}.Folded{part.Name}");

        Node Row(int row)
            => New(new ReshapeOp { Shape = [filters] }, New(new SliceOp { Axis = 0, Start = row, Length = 1 }, statistics));
    }
}
