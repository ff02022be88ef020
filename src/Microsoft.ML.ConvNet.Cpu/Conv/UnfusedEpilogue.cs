using System.Runtime.CompilerServices;
using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// A convolution whose algorithm knows nothing of the addition and the ReLU that were fused into the op: one pass over the output does both.
/// </summary>
internal sealed unsafe class UnfusedEpilogue(Kernel convolution, ConvProblem problem, WorkerPool pool) : Kernel
{
    public override string Name => convolution.Name;

    public override long WorkspaceLength => convolution.WorkspaceLength;

    public override long PreparedLength => convolution.PreparedLength;

    public override void Run(KernelCall call)
    {
        convolution.Run(call);
        var y = call.Output();
        if (problem.Adds && problem.Relu)
            Pointwise.Map(pool, y, problem.Addend(call), y, call.Count(), default(AddRelu));
        else if (problem.Adds)
            Pointwise.Map(pool, y, problem.Addend(call), y, call.Count(), default(Add));
        else
            Pointwise.Map(pool, y, y, call.Count(), default(Relu));
    }

    /// <summary>max(a + b, 0).</summary>
    private readonly struct AddRelu : IBinaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Apply<S, V>(V a, V b)
            where S : struct, ISimd<V>
            where V : struct => default(Relu).Apply<S, V>(S.Add(a, b));
    }
}
