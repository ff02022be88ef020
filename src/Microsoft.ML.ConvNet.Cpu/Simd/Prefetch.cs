using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Asks for memory before it is needed, where its order is too irregular for the processor to foresee; for memory that will be written
/// too, as a store waits for the line it lies in. Nothing happens where there is no memory.
/// </summary>
internal static unsafe class Prefetch
{
    /// <summary>Fetches the cache line of an address into L1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Line(float* address)
    {
        if (Sse.IsSupported)
            Sse.Prefetch0(address);
    }
}
