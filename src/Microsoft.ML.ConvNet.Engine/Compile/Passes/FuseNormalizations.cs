using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Compile.Passes;

/// <summary>
/// Makes an addition and a ReLU after a normalisation a part of it; and the gradient of that ReLU, where nothing was added, a part of the
/// normalisation's gradients, which know from x where it is zero.
/// </summary>
public sealed class FuseNormalizations : IPass
{
    /// <inheritdoc/>
    public Computation Run(Computation computation, int maxBatch)
    {
        var uses = new Uses(computation);
        return computation.Rewrite((node, inputs) => node.Op switch
        {
            ReluOp when uses.IsSingle(node.Inputs[0]) && inputs[0].Op is NormalizeOp { Relu: false } normalize
                => new Node(normalize with { Relu = true }, inputs[0].Inputs, node.Name),
            AddOp when node.Inputs[0].Type == node.Inputs[1].Type && node.Inputs[0] != node.Inputs[1] => Add(node, inputs, 0) ?? Add(node, inputs, 1),
            NormalizeParameterGradientOp { Relu: false } op when ReluBefore(inputs[2], inputs[0]) is { } relu
                => new Node(op with { Relu = true }, [inputs[0], inputs[1], relu.Gradient, relu.Normalize.Inputs[1], relu.Normalize.Inputs[2]], node.Name),
            NormalizeInputGradientOp { Relu: false } op when ReluBefore(inputs[3], inputs[0]) is { } relu
                => new Node(op with { Relu = true }, [inputs[0], inputs[1], inputs[2], relu.Gradient, inputs[4], relu.Normalize.Inputs[2]], node.Name),
            _ => null,
        });

        Node? Add(Node node, IReadOnlyList<Node> inputs, int input)
            => uses.IsSingle(node.Inputs[input]) && inputs[input].Op is NormalizeOp { Adds: false, Relu: false } normalize
                ? new Node(normalize with { Adds = true }, [.. inputs[input].Inputs, inputs[1 - input]], node.Name)
                : null;
    }

    /// <summary>If a gradient is that of a ReLU fused into the normalisation of <paramref name="x"/>: the gradient after the ReLU, and the normalisation.</summary>
    private static (Node Gradient, Node Normalize)? ReluBefore(Node gradient, Node x)
        => gradient is { Op: UnaryGradientOp { Function: ReluOp } }
            && gradient.Inputs[0] is { Op: NormalizeOp { Relu: true, Adds: false } } normalize && normalize.Inputs[0] == x
            ? (gradient.Inputs[1], normalize)
            : null;
}
