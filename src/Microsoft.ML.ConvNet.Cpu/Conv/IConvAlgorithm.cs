using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>One way to compute a convolution and its gradients.</summary>
internal interface IConvAlgorithm
{
    /// <summary>The name in plans.</summary>
    string Name { get; }

    /// <summary>Whether sums are those of the definition, but for their order. Winograd's transforms lose another digit.</summary>
    bool IsExact => true;

    /// <summary>Whether the algorithm computes this problem in these layouts.</summary>
    bool Supports(ConvProblem problem);

    /// <summary>The estimated time on one thread, in microseconds, for the largest batch. See <see cref="CostModel"/>.</summary>
    double Cost(ConvProblem problem);

    /// <summary>
    /// Whether the kernel of the forward pass adds the fused addend and applies the fused ReLU (<see cref="ConvOp.Adds"/>,
    /// <see cref="ConvOp.Relu"/>). Where it does not, it ignores them and a second pass over the output does.
    /// </summary>
    bool Fuses => false;

    /// <summary>Makes the kernel. Its operands are those of the op: <see cref="ConvProblem.Bias"/> and <see cref="ConvProblem.Addend"/> find the optional ones.</summary>
    Kernel Bind(ConvProblem problem, WorkerPool pool);
}
