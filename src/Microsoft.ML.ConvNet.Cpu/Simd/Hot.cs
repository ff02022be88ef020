using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>How the JIT treats the loops in which the time is spent.</summary>
internal static class Hot
{
    /// <summary>
    /// Compiled once, with full optimisation, when first called; and never inlined: a caller that is compiled again by its profile would take the
    /// loop in and run out of registers, and training steps would slow down once they are warm.
    /// </summary>
    public const MethodImplOptions Loop = MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining;
}
