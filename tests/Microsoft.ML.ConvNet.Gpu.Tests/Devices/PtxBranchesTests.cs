using ILGPU;
using Microsoft.ML.ConvNet.Gpu;

namespace Microsoft.ML.ConvNet.Tests.Gpu;

public class PtxBranchesTests
{
    /// <summary>The passes are chosen at the higher level, and no kernel is compiled at it.</summary>
    [Fact]
    public void The_level_is_lowered_once_the_passes_are_chosen()
    {
        using var context = Context.Create().OptimizePtx().ToContext();
        var before = context.Properties.OptimizationLevel;
        PtxBranches.PromiseNothing(context);
        Assert.Equal((OptimizationLevel.O2, OptimizationLevel.O1), (before, context.Properties.OptimizationLevel));
    }
}
