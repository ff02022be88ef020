using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Cpu;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests.Cpu;

/// <summary>Every kernel against the naive implementation in double precision, over the whole table of cases.</summary>
public sealed class KernelTests : IDisposable
{
    private readonly CpuBackend _one = new(threads: 1);
    private readonly CpuBackend _seven = new(threads: 7);

    public static TheoryData<string> All => OpCases.Names(_ => true);

    public static TheoryData<string> Overwriting
        => OpCases.Names(c => Enumerable.Range(0, c.Inputs.Length).Any(i => c.Op.CanOverwrite(i) && c.Inputs[i] == c.Output));

    public void Dispose()
    {
        _one.Dispose();
        _seven.Dispose();
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_kernel_agrees_with_the_reference(string name)
    {
        var opCase = OpCases.Find(name);
        var (output, inputs) = KernelRunner.Run(_one, opCase);
        KernelRunner.AssertClose(opCase, opCase.Expected(), output);
        if (opCase.Op is not OptimizerOp)
            Assert.Equal(opCase.Values, inputs);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void The_result_does_not_depend_on_threads_nor_on_the_batch_that_the_plan_was_made_for(string name)
    {
        var opCase = OpCases.Find(name);
        var (output, inputs) = KernelRunner.Run(_one, opCase);
        var (again, inputsAgain) = KernelRunner.Run(_seven, opCase, maxBatch: opCase.Batch + 5);
        Assert.Equal(output, again);
        Assert.Equal(inputs, inputsAgain);
    }

    [Theory]
    [MemberData(nameof(Overwriting))]
    public void The_output_may_take_the_place_of_an_input_where_the_op_says_so(string name)
    {
        var opCase = OpCases.Find(name);
        var expected = KernelRunner.Run(_one, opCase).Output;
        for (var input = 0; input < opCase.Inputs.Length; input++)
        {
            if (opCase.Op.CanOverwrite(input) && opCase.Inputs[input] == opCase.Output)
                Assert.Equal(expected, KernelRunner.Run(_one, opCase, overwrite: input).Output);
        }
    }

    [Fact]
    public void Optimizers_update_their_moments()
    {
        foreach (var opCase in OpCases.All.Where(c => c.Op is OptimizerOp))
        {
            var reference = KernelRunner.Run(new FallbackBackend(), opCase).Inputs;
            var actual = KernelRunner.Run(_one, opCase).Inputs;
            foreach (var (expected, moment) in reference.Zip(actual))
                KernelRunner.AssertClose(opCase, Array.ConvertAll(expected, x => (double)x), moment);
        }
    }

    /// <summary>The naive implementations as kernels.</summary>
    private sealed class FallbackBackend : IBackend
    {
        private readonly ReferenceBackend _inner = new();

        public string Name => _inner.Name;

        public IReadOnlyList<Compile.IPass> Passes => [];

        public DeviceBuffer Allocate(long length) => _inner.Allocate(length);

        public Kernel? Find(OpSignature signature) => new ReferenceKernel(signature);

        public void Synchronize() { }
    }
}
