using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Cpu;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests.Cpu;

/// <summary>Every kernel for a layout with lanes against the naive implementation in double precision, over the whole table of cases.</summary>
public sealed class LaneKernelTests : IDisposable
{
    private readonly CpuBackend _one = new(threads: 1);
    private readonly CpuBackend _seven = new(threads: 7);

    public static TheoryData<string> WithKernels
        => OpCases.Names(c => Layouts().Any(l => Signature(c, l) is { } s && LaneKernels.Find(s, WorkerPool.Shared) != null));

    public void Dispose()
    {
        _one.Dispose();
        _seven.Dispose();
    }

    [Theory]
    [MemberData(nameof(WithKernels))]
    public void A_kernel_agrees_with_the_reference_and_does_not_depend_on_threads(string name)
    {
        var opCase = OpCases.Find(name);
        var expected = opCase.Expected();
        foreach (var signature in Layouts().Select(l => Signature(opCase, l)).OfType<OpSignature>())
        {
            if (_one.Find(signature) is not { } kernel)
                continue;
            var what = $"{kernel.Name} {string.Join(", ", signature.Inputs)} → {signature.Output}";
            var (output, inputs) = KernelRunner.Run(_one, kernel, opCase, signature.Inputs, signature.Output);
            Close.Assert<double, float>(expected, output, opCase.Tolerance, what);
            Assert.Equal(opCase.Values, inputs);

            var room = opCase.Batch + 5;
            var again = KernelRunner.Run(_seven, _seven.Find(signature with { MaxBatch = room })!, opCase, signature.Inputs, signature.Output, room).Output;
            Assert.True(output.SequenceEqual(again), what);
            for (var input = 0; input < signature.Inputs.Count; input++)
            {
                if (opCase.Op.CanOverwrite(input) && signature.Inputs[input] == signature.Output)
                    Assert.True(output.SequenceEqual(KernelRunner.Run(_one, kernel, opCase, signature.Inputs, signature.Output, overwrite: input).Output), what);
            }
        }
    }

    private static Layout[] Layouts() => [Layout.ChannelLanes(VectorWidth.Floats), Layout.BatchLanes(VectorWidth.Floats)];

    /// <summary>The case with every activation in a layout, or null where one does not fit. Packed bytes are no activation.</summary>
    private static OpSignature? Signature(OpCase opCase, Layout layout)
    {
        var inputs = opCase.Op is PixelsOp ? [] : opCase.Inputs;
        var types = inputs.Append(opCase.Output).Where(t => t.Batched).ToArray();
        return types.Length > 0 && types.All(layout.Fits)
            ? new OpSignature(opCase.Op, [.. inputs.Select(Laid), .. opCase.Inputs[inputs.Length..]], Laid(opCase.Output), opCase.Batch)
            : null;

        TensorType Laid(TensorType type) => type.Batched ? type with { Layout = layout } : type;
    }
}
