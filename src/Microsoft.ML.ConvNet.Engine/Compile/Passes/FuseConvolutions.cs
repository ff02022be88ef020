using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Compile.Passes;

/// <summary>Makes an addition and a ReLU after a convolution a part of it, so that its outputs are touched once.</summary>
public sealed class FuseConvolutions : IPass
{
    /// <inheritdoc/>
    public Computation Run(Computation computation, int maxBatch)
    {
        var uses = new Uses(computation);
        return computation.Rewrite((node, inputs) => node.Op switch
        {
            ReluOp when uses.IsSingle(node.Inputs[0]) && inputs[0].Op is ConvOp { Relu: false } conv
                => new Node(conv with { Relu = true }, inputs[0].Inputs, node.Name),
            AddOp when node.Inputs[0].Type == node.Inputs[1].Type && node.Inputs[0] != node.Inputs[1] => Add(node, inputs, 1) ?? Add(node, inputs, 0),
            _ => null,
        });

        Node? Add(Node node, IReadOnlyList<Node> inputs, int input)
            => uses.IsSingle(node.Inputs[input]) && inputs[input].Op is ConvOp { Adds: false, Relu: false } conv
                ? new Node(conv with { Adds = true }, [.. inputs[input].Inputs, inputs[1 - input]], node.Name)
                : null;
    }
}
