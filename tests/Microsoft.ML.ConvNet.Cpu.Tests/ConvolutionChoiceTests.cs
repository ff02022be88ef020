using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Compile;
using Microsoft.ML.ConvNet.Cpu;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests.Cpu;

/// <summary>Networks train as on the reference backend, whichever algorithms compute their convolutions.</summary>
public class ConvolutionChoiceTests
{
    private const int Batch = 12;

    private static readonly Lazy<double[]> _expected = new(() => Losses(new ReferenceBackend(), 50, out _));

    public static TheoryData<string> Algorithms => [.. ConvKernel.Algorithms.Select(a => a.Name)];

    [Theory]
    [InlineData(false, 1e-3)]
    [InlineData(true, 1e-5)]
    public void Losses_of_50_steps_are_those_of_the_reference(bool exact, double tolerance)
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 2, ExactConvolution = exact });
        AssertClose(Losses(backend, 50, out var kernels), tolerance);
        Assert.Equal(exact, !kernels.Any(k => k.StartsWith("Winograd", StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void Every_algorithm_serves_a_network_where_it_is_preferred(string algorithm)
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 2, Prefers = a => a.Name == algorithm });
        AssertClose(Losses(backend, 10, out var kernels), 1e-3);
        Assert.Contains(algorithm, kernels);
    }

    [Fact]
    public void Tuning_measures_each_choice_once_and_keeps_it()
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var file = Path.Combine(folder.FullName, "tuning", "convolutions.json");
            var options = new CpuOptions { Threads = 1, Tune = true, TuningFile = file };
            string[] first, second;
            using (var backend = new CpuBackend(options))
                AssertClose(Losses(backend, 3, out first), 1e-3);
            var measured = File.ReadAllText(file);
            using (var backend = new CpuBackend(options))
                AssertClose(Losses(backend, 3, out second), 1e-3);
            Assert.Equal(first, second);
            Assert.Equal(measured, File.ReadAllText(file));

            File.WriteAllText(file, "{ damaged");
            using (var backend = new CpuBackend(options))
                AssertClose(Losses(backend, 1, out _), 1e-3);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void A_plan_says_why_it_uses_an_algorithm()
    {
        using var backend = new CpuBackend(threads: 1);
        using var plan = NewPlan(backend, out _);
        Assert.All(plan.Steps.Where(s => s.Op is ConvOp or ConvTransposeOp or ConvWeightGradientOp), s => Assert.Contains("ms estimated", s.Reason));
        Assert.Contains("ms estimated", plan.Describe());
    }

    private static void AssertClose(double[] losses, double tolerance)
    {
        foreach (var (step, loss) in losses.Index())
            Assert.True(Math.Abs(loss - _expected.Value[step]) <= tolerance * _expected.Value[step], $"step {step}: {loss} against {_expected.Value[step]}");
    }

    private static double[] Losses(IBackend backend, int steps, out string[] kernels)
    {
        using var plan = NewPlan(backend, out var network);
        kernels = [.. plan.Steps.Select(s => s.Kernel)];
        var (image, target) = (network.Inputs.First(i => i.Name == "image"), network.Inputs.First(i => i.Name == "target"));
        var losses = new double[steps];
        for (var step = 0; step < steps; step++)
        {
            var samples = Bars.Make(Batch, seed: step);
            var (images, classes) = (new float[Batch * image.Shape.Length], new float[Batch]);
            samples.Read([.. Enumerable.Range(0, Batch)], images, classes);
            plan.Write(image, images);
            plan.Write(target, classes);
            plan.Run(Batch, new RunState(1, step, 0.002f));
            var loss = new float[1];
            plan.Read(0, loss);
            losses[step] = loss[0];
        }

        return losses;
    }

    /// <summary>
    /// Few channels, whole vectors of channels, windows of two sizes, groups, volumes, strides and shortcuts: something for every algorithm. Smooth
    /// functions only: the gradients of ReLU and max-pooling jump where the last digit of a value decides, and after many steps one meets such a place.
    /// </summary>
    private static Plan NewPlan(IBackend backend, out Network network)
    {
        var image = new Node(new InputOp { Shape = [1, Bars.Size, Bars.Size] }, [], "image");
        var target = new Node(new InputOp { Shape = [1] }, [], "target");
        var x = image.Conv(5, 3, padding: 1).Silu().Conv(16, 5, padding: 2).Silu()
            .DepthwiseConv(3, padding: 1).Conv(16, 5, padding: 2, groups: 4).Conv(16, 3, padding: 1, groups: 2).BatchNorm().Silu()
            .Reshape([16, 2, Bars.Size / 2, Bars.Size]).Conv3D(16, 3, padding: 1).Conv3D(16, 5, padding: 2).Reshape([16, Bars.Size, Bars.Size])
            .Conv(16, 1).BatchNorm().Silu();
        x = (x + x.Conv(16, 3, padding: 1).BatchNorm()).Silu().AveragePool(2).Conv(32, 3, stride: 2, padding: 1).BatchNorm().Silu()
            .GlobalAveragePool().Dense(2);
        var loss = Loss.SoftmaxCrossEntropy.Mean(x, target);
        network = new Network(loss);
        network.Initialize(1);
        var plan = Plan.Compile(Computation.Training(loss, Optimizer.Sgd()), network.Layout, backend, Batch);
        plan.WriteVariables(network.Weights);
        return plan;
    }
}
