using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Compile;
using Microsoft.ML.ConvNet.Cpu;
using Microsoft.ML.ConvNet.Gpu;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests.Gpu.Vendor;

/// <summary>What a backend asks of the vendor's libraries, played by <see cref="FakeCublas"/> and <see cref="FakeCudnn"/>.</summary>
public sealed class VendorLibraryTests : IDisposable
{
    // Loaded kernels are shared by the tests that leave the fakes as they are.
    private static readonly GpuBackend _backend = NewBackend();

    private static readonly OpCase _convolution = OpCases.All.First(c => c.Op is ConvOp { Groups: 1, Window.Taps: > 1 });

    public static TheoryData<string> Products => OpCases.Names(c => c.Op is MatMulOp);

    public static TheoryData<string> Convolutions => OpCases.Names(c => c.Op is ConvOp or ConvTransposeOp or ConvWeightGradientOp);

    public void Dispose()
    {
        FakeCudnn.Algorithms = FakeCudnn.DefaultAlgorithms;
        FakeCublas.Status = 0;
        FakeCudnn.Runs.Clear();
    }

    [Theory]
    [MemberData(nameof(Products))]
    public void Products_by_the_library_are_right(string name)
    {
        Assert.Equal("cuBLAS", KernelRunner.Find(_backend, OpCases.Find(name))!.Name);
        AssertRight(_backend, OpCases.Find(name));
    }

    [Theory]
    [MemberData(nameof(Convolutions))]
    public void Convolutions_and_gradients_by_the_library_are_right(string name) => AssertRight(_backend, OpCases.Find(name));

    [Fact]
    public void The_library_gets_all_convolutions_but_those_of_small_groups_and_those_that_are_padded_on_one_side()
    {
        foreach (var opCase in OpCases.All.Where(c => c.Op is ConvOp or ConvTransposeOp or ConvWeightGradientOp))
        {
            var (window, groups) = opCase.Op switch
            {
                ConvOp op => (op.Window, op.Groups),
                ConvTransposeOp op => (op.Window, op.Groups),
                var op => (((ConvWeightGradientOp)op).Window, ((ConvWeightGradientOp)op).Groups),
            };
            var isPaddedEqually = new[] { window.Depth, window.Height, window.Width }.All(a => a.Before == a.After);
            var kernel = KernelRunner.Find(_backend, opCase)!.Name;
            if (groups == 1 && isPaddedEqually)
                Assert.StartsWith("cuDNN ", kernel, StringComparison.Ordinal);
        }

        Assert.Equal("implicit GEMM", NameOf(new WindowAxis(3, Before: 0, After: 2)));
        Assert.Equal("cuDNN FFT", NameOf(new WindowAxis(3, Before: 1, After: 1)));
        // The last element is seen by no window, padded or not.
        Assert.Equal("cuDNN FFT", NameOf(new WindowAxis(3, Stride: 2, Before: 1, After: 0)));

        string NameOf(WindowAxis axis)
        {
            var op = new ConvOp { Window = new Window(axis, axis) };
            TensorType[] inputs = [new([4, 8, 8], true), new([4, 4, 3, 3], false)];
            return _backend.Find(new OpSignature(op, inputs, new TensorType([4, axis.Outputs(8), axis.Outputs(8)], true), 2))!.Name;
        }
    }

    [Fact]
    public void Only_large_work_is_given_to_the_libraries()
    {
        using var backend = NewBackend(leastWork: new GpuOptions().LeastVendorWork);
        Assert.All(OpCases.All.Where(c => c.Op is MatMulOp or ConvOp), c => Assert.DoesNotContain("cu", KernelRunner.Find(backend, c)!.Name, StringComparison.Ordinal));
        var square = new TensorType([512, 512], false);
        Assert.Equal("cuBLAS", backend.Find(new OpSignature(new MatMulOp(), [square, square], square, 1))!.Name);
    }

    [Theory]
    [InlineData(false, 0, 4, 3)]
    [InlineData(true, 3, 5, 1)]
    public void Factors_are_rounded_only_where_that_is_allowed(bool allowTf32, int blasMode, int algorithm, int mathType)
    {
        using var backend = NewBackend(allowTf32);
        Assert.Equal(blasMode, FakeCublas.MathMode);
        AssertRight(backend, _convolution);
        Assert.Equal([("Forward", algorithm, mathType)], FakeCudnn.Runs);
    }

    [Fact]
    public void Exact_convolutions_have_no_transforms_of_Winograd()
    {
        FakeCudnn.Algorithms = _ => [.. new[] { 7, 6, 0 }.Select(a => new ConvAlgorithm { Algorithm = a, IsDeterministic = 1, MathType = 3 })];
        using var backend = NewBackend(exact: true);
        Assert.Equal("cuDNN implicit GEMM", KernelRunner.Find(backend, _convolution)!.Name);
        AssertRight(backend, _convolution);
        Assert.Equal([("Forward", 0, 3)], FakeCudnn.Runs);
    }

    [Fact]
    public void Algorithms_keep_to_the_memory_that_they_may_take()
    {
        using var backend = NewBackend(mostWorkspaceBytes: 4095);
        Assert.Equal("cuDNN implicit GEMM with precomputed indices", KernelRunner.Find(backend, _convolution)!.Name);
        AssertRight(backend, _convolution);
    }

    [Fact]
    public void A_batch_for_which_the_memory_does_not_suffice_runs_on_the_own_kernel()
    {
        FakeCudnn.Algorithms = samples => [new() { Algorithm = 6, IsDeterministic = 1, MathType = 3, WorkspaceBytes = samples == _convolution.Batch ? 5000u : 4000u }];
        using var backend = NewBackend();
        AssertRight(backend, _convolution, maxBatch: _convolution.Batch + 1);
        Assert.Empty(FakeCudnn.Runs);
        AssertRight(backend, _convolution);
        Assert.Single(FakeCudnn.Runs);
    }

    [Fact]
    public void Without_an_algorithm_there_is_the_own_kernel()
    {
        FakeCudnn.Algorithms = _ => [];
        using var backend = NewBackend();
        Assert.Equal("implicit GEMM", KernelRunner.Find(backend, _convolution)!.Name);
    }

    [Fact]
    public void A_failure_names_the_function_and_what_the_library_says()
    {
        FakeCublas.Status = 7;
        var error = Assert.Throws<VendorLibraryException>(() => AssertRight(_backend, OpCases.All.First(c => c.Op is MatMulOp)));
        Assert.Equal("cublasSgemm_v2 failed with status 7: an invalid value.", error.Message);
    }

    [Fact]
    public void A_library_that_does_not_work_is_passed_over_and_named()
    {
        var (blas, about) = Find("13", "12");
        Assert.Equal((new Version(12, 4, 5), "cuBLAS "), (blas!.Version, about));
        blas.Dispose();
        (blas, about) = Find("14", "13", "11");
        Assert.Null(blas);
        Assert.Equal("no cuBLAS (14 not found; 13: cublasCreate_v2 failed with status 1: the fake is in a bad mood; 11: 11 has no function cublasCreate_v2)", about);

        static (Cublas? Library, string About) Find(params string[] names)
            => VendorLibraries.First("cuBLAS", names, Load, exports => new Cublas(exports, allowTf32: false));

        static NativeExports? Load(string name) => name switch
        {
            "11" => new NativeExports(name, _ => 0),
            "12" => FakeCublas.Exports,
            "13" => new NativeExports(name, FakeCublas.AddressWithoutDriver),
            _ => null,
        };
    }

    [Fact]
    public void What_is_opened_is_closed()
    {
        var before = (FakeCublas.Open, FakeCudnn.Open);
        using (var backend = NewBackend())
        {
            AssertRight(backend, _convolution);
            Assert.True(FakeCublas.Open == before.Item1 + 1 && FakeCudnn.Open > before.Item2 + 1);
        }

        Assert.Equal(before, (FakeCublas.Open, FakeCudnn.Open));
    }

    [Fact]
    public void A_network_trains_as_on_the_CPU_and_its_plan_names_the_libraries()
    {
        using var cpu = new CpuBackend(threads: 1);
        var expected = Losses(cpu, out _);
        Use(_backend);
        Close.Assert<float, float>(expected, Losses(_backend, out var plan), 1e-3, "loss");
        Assert.Contains("cuDNN Winograd", plan, StringComparison.Ordinal);
        Assert.Contains("cuBLAS", plan, StringComparison.Ordinal);
    }

    private static GpuBackend NewBackend(bool allowTf32 = false, long leastWork = 0, long mostWorkspaceBytes = 1 << 20, bool exact = false) => GpuBackend.OnCpu(vendor: new VendorLibraries
    {
        Blas = new Cublas(FakeCublas.Exports, allowTf32),
        Dnn = new Cudnn(FakeCudnn.Exports, new GpuOptions { AllowTf32 = allowTf32, ExactConvolution = exact }),
        LeastWork = leastWork,
        MostWorkspaceBytes = mostWorkspaceBytes,
    });

    private static void Use(GpuBackend backend) => FakeCublas.WaitForStream = FakeCudnn.WaitForStream = backend.Synchronize;

    private static void AssertRight(GpuBackend backend, OpCase opCase, int? maxBatch = null)
    {
        Use(backend);
        var (output, inputs) = KernelRunner.Run(backend, opCase, maxBatch);
        KernelRunner.AssertClose(opCase, opCase.Expected(), output);
        Assert.Equal(opCase.Values, inputs);
    }

    private static float[] Losses(IBackend backend, out string description)
    {
        Network network = Network.Input(3, 12, 12).Conv(8, 3, padding: 1).Relu().Residual(8).Residual(16, stride: 2).GlobalAveragePool().Dense(4);
        network.Initialize(seed: 2);
        var target = new Node(new InputOp { Shape = [1] }, [], "target");
        using var plan = Plan.Compile(Computation.Training(Loss.SoftmaxCrossEntropy.Mean(network.Output, target), Optimizer.Sgd(0.9f)), network.Layout, backend, 8);
        plan.WriteVariables(network.Weights);
        var losses = new float[5];
        for (var step = 0; step < losses.Length; step++)
        {
            plan.Write(network.Inputs[0], [.. Enumerable.Range(0, 8 * 3 * 12 * 12).Select(i => (float)CounterRandom.Normal(3, (uint)i))]);
            plan.Write(target, [0, 1, 2, 3, 0, 1, 2, 3]);
            plan.Run(8, new RunState(1, step, 0.02f));
            plan.Read(0, losses.AsSpan(step, 1));
        }

        description = plan.Describe();
        return losses;
    }
}
