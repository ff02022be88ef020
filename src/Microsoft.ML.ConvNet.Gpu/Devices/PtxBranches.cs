using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Backends.PTX;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// Keeps ILGPU 1.5.3 from promising NVIDIA's assembler that branches are uniform which are not. At its level O2 it writes "bra.uni" where it believes that all
/// threads agree; it believes that of a kernel's index and of what a divergent branch has chosen, too. Where threads then disagree, the PTX ISA ("bra") leaves open what
/// happens, and ptxas unrolls no loop that holds such a branch. Idea: the passes of O2, which find that addresses are of global memory, are chosen when
/// an accelerator is made, while the branches are judged when a kernel is compiled; so the level is lowered in between.
/// </summary>
internal static class PtxBranches
{
    /// <summary>The level and the order of blocks, which would otherwise follow the level when it changes.</summary>
    public static Context.Builder OptimizePtx(this Context.Builder builder) => builder.Optimize(OptimizationLevel.O2).PTXBackend(PTXBackendMode.Enhanced);

    /// <summary>To be called when the accelerator has been made and has no kernel yet.</summary>
    public static void PromiseNothing(Context context) => SetLevel(context.Properties, OptimizationLevel.O1);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "set_OptimizationLevel")]
    private static extern void SetLevel(ContextProperties properties, OptimizationLevel level);
}
