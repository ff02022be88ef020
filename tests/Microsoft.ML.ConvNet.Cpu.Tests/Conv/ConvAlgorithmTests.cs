using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Cpu;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests.Cpu.Conv;

/// <summary>
/// Every algorithm of convolution, in every layout that it supports, against the naive implementation in double precision, whether or
/// not plans would choose it.
/// </summary>
public sealed class ConvAlgorithmTests : IDisposable
{
    private readonly CpuBackend _backend = new(threads: 1);
    private readonly WorkerPool _one = new(1);
    private readonly WorkerPool _seven = new(7);

    public static TheoryData<string> Convolutions => OpCases.Names(c => c.Op is ConvOp or ConvTransposeOp or ConvWeightGradientOp);

    public void Dispose()
    {
        _backend.Dispose();
        _one.Dispose();
        _seven.Dispose();
    }

    [Theory]
    [MemberData(nameof(Convolutions))]
    public void Every_algorithm_agrees_with_the_reference_and_does_not_depend_on_threads(string name) => Check(OpCases.Find(name));

    [Fact]
    public void So_do_convolutions_with_more_weights_than_a_cache_holds()
    {
        TensorType image = new([352, 3, 2], true);
        TensorType weights = new([352, 352, 3, 3], false);
        var axis = new WindowAxis(3, Before: 1, After: 1);
        Check(new OpCase(new ConvOp { Window = new Window(axis, axis) }, 2, image, weights));
        Check(new OpCase(new ConvTransposeOp { Window = new Window(axis, axis), OutputShape = image.Shape }, 2, image, weights));
    }

    [Fact]
    public void The_cases_reach_every_algorithm_in_every_pass()
    {
        var reached = OpCases.All.Where(c => c.Op is ConvOp or ConvTransposeOp or ConvWeightGradientOp)
            .SelectMany(c => Candidates(c).Select(r => (r.Algorithm.Name, ConvProblem.Of(r.Signature).Pass))).Distinct().Order().ToArray();
        var all = ConvKernel.Algorithms.Select(a => a.Name)
            .SelectMany(a => Enum.GetValues<ConvPass>().Select(p => (a, p))).Order().ToArray();
        Assert.Equal(all, reached);
    }

    [Theory]
    [InlineData("direct", 3, 2e-6)]
    [InlineData("samples in lanes", 5, 2e-6)]
    [InlineData("Winograd F(2×2, 3×3)", 3, 2e-6)]
    [InlineData("Winograd F(4×4, 3×3)", 3, 2e-5)]
    [InlineData("Winograd F(4×4, 5×5)", 5, 2e-5)]
    public void Errors_are_so_small_a_part_of_the_largest_output(string name, int taps, double bound)
    {
        TensorType image = new([64, 12, 12], true);
        TensorType weights = new([64, 64, taps, taps], false);
        var axis = new WindowAxis(taps, Before: taps / 2, After: taps / 2);
        var window = new Window(axis, axis);
        OpCase[] passes =
        [
            new(new ConvOp { Window = window }, 16, image, weights),
            new(new ConvTransposeOp { Window = window, OutputShape = image.Shape }, 16, image, weights),
            new(new ConvWeightGradientOp { Window = window, Shape = weights.Shape }, 16, image, image),
        ];
        foreach (var opCase in passes)
        {
            var expected = opCase.Expected();
            var largest = expected.Max(Math.Abs);
            foreach (var (algorithm, signature) in Candidates(opCase).Where(c => c.Algorithm.Name == name))
            {
                var error = expected.Zip(Run(opCase, algorithm, signature, _one, opCase.Batch), (e, a) => Math.Abs(e - a)).Max() / largest;
                Assert.True(error <= bound, $"{signature.Op.Name} {signature.Output}: {error}");
            }
        }
    }

    private void Check(OpCase opCase)
    {
        var expected = opCase.Expected();
        foreach (var (algorithm, signature) in Candidates(opCase))
        {
            var what = $"{algorithm.Name} {string.Join(", ", signature.Inputs)} → {signature.Output}";
            var output = Run(opCase, algorithm, signature, _one, opCase.Batch);
            Close.Assert<double, float>(expected, output, opCase.Tolerance, what);
            Assert.True(output.SequenceEqual(Run(opCase, algorithm, signature with { MaxBatch = opCase.Batch + 5 }, _seven, opCase.Batch + 5)), what);
        }
    }

    private float[] Run(OpCase opCase, IConvAlgorithm algorithm, OpSignature signature, WorkerPool pool, int room)
        => KernelRunner.Run(
            _backend, ConvKernel.Bind(algorithm, ConvProblem.Of(signature), pool), opCase, signature.Inputs, signature.Output, room).Output;

    private static IEnumerable<(IConvAlgorithm Algorithm, OpSignature Signature)> Candidates(OpCase opCase)
    {
        var lanes = VectorWidth.Floats;
        Layout[] layouts = [Layout.Plain, Layout.ChannelLanes(lanes), Layout.BatchLanes(lanes)];
        foreach (var inLayout in layouts)
        {
            foreach (var outLayout in layouts)
            {
                // Two activations: x and y, of which the weight gradient has both as inputs.
                var output = opCase.Output.Batched ? Laid(opCase.Output, outLayout) : opCase.Output;
                TensorType?[] inputs = [.. opCase.Inputs.Index().Select(i => !i.Item.Batched ? i.Item : Laid(i.Item, i.Index == 0 ? inLayout : outLayout))];
                if (output == null || inputs.Contains(null))
                    continue;
                var signature = new OpSignature(opCase.Op, [.. inputs.Select(i => i!.Value)], output.Value, opCase.Batch);
                foreach (var algorithm in ConvKernel.Algorithms.Where(a => a.Supports(ConvProblem.Of(signature))))
                    yield return (algorithm, signature);
            }
        }
    }

    private static TensorType? Laid(TensorType type, Layout layout) => layout.Fits(type) ? type with { Layout = layout } : null;
}
