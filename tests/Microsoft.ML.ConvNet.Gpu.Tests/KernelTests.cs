using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests.Gpu;

/// <summary>Every kernel against the naive implementation in double precision, over the whole table of cases.</summary>
public class KernelTests
{
    private static bool HasKernel(OpCase opCase) => KernelRunner.Find(TestBackend.Shared, opCase) != null;

    public static TheoryData<string> All => OpCases.Names(HasKernel);

    public static TheoryData<string> Overwriting
        => OpCases.Names(c => HasKernel(c) && Enumerable.Range(0, c.Inputs.Length).Any(i => c.Op.CanOverwrite(i) && c.Inputs[i] == c.Output));

    [Theory]
    [MemberData(nameof(All))]
    public void A_kernel_agrees_with_the_reference_and_with_itself_in_a_plan_for_larger_batches(string name)
    {
        var opCase = OpCases.Find(name);
        var (output, inputs) = KernelRunner.Run(TestBackend.Shared, opCase);
        KernelRunner.AssertClose(opCase, opCase.Expected(), output);
        if (opCase.Op is not OptimizerOp)
            Assert.Equal(opCase.Values, inputs);
        var (again, inputsAgain) = KernelRunner.Run(TestBackend.Shared, opCase, maxBatch: opCase.Batch + 5);
        Assert.Equal(output, again);
        Assert.Equal(inputs, inputsAgain);
    }

    [Theory]
    [MemberData(nameof(Overwriting))]
    public void The_output_may_take_the_place_of_an_input_where_the_op_says_so(string name)
    {
        var opCase = OpCases.Find(name);
        var expected = KernelRunner.Run(TestBackend.Shared, opCase).Output;
        for (var input = 0; input < opCase.Inputs.Length; input++)
        {
            if (opCase.Op.CanOverwrite(input) && opCase.Inputs[input] == opCase.Output)
                Assert.Equal(expected, KernelRunner.Run(TestBackend.Shared, opCase, overwrite: input).Output);
        }
    }

    [Fact]
    public void Optimizers_update_their_moments()
    {
        foreach (var opCase in OpCases.All.Where(c => c.Op is OptimizerOp))
        {
            var signature = new OpSignature(opCase.Op, opCase.Inputs, opCase.Output, opCase.Batch);
            var (_, expected) = KernelRunner.Run(new ReferenceBackend(), new ReferenceKernel(signature), opCase, opCase.Inputs, opCase.Output);
            var (_, actual) = KernelRunner.Run(TestBackend.Shared, opCase);
            foreach (var (e, a) in expected.Zip(actual))
                KernelRunner.AssertClose(opCase, Array.ConvertAll(e, x => (double)x), a);
        }
    }
}
