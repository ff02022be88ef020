using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Compile.Passes;

/// <summary>Makes the gradient of a ReLU before a max-pooling a part of the pooling's gradient, which sees the ReLU's output anyway.</summary>
public sealed class FuseMaxPoolGradients : IPass
{
    /// <inheritdoc/>
    public Computation Run(Computation computation, int maxBatch)
    {
        var uses = new Uses(computation);
        return computation.Rewrite((node, inputs) =>
            node.Op is UnaryGradientOp { Function: ReluOp } && uses.IsSingle(node.Inputs[1])
            && inputs[1].Op is MaxPoolGradientOp { Relu: false } pool && inputs[1].Inputs[0] == inputs[0]
                ? new Node(pool with { Relu = true }, inputs[1].Inputs, node.Name)
                : null);
    }
}
