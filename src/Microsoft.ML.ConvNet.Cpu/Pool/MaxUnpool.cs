using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Values to the places that their switches say, and gradients from there. Layout: planes. Scalar, for the places are anywhere; a switch is
/// checked before it is followed.
/// </summary>
internal static unsafe class MaxUnpool
{
    /// <summary>y = x at the switches, summed; 0 elsewhere.</summary>
    public static void Forward(WorkerPool pool, float* x, float* switches, nint planes, int windows, int size, float* y)
        => PlaneLoop.Run(pool, planes, size, new ForwardBody(x, switches, windows, size, y));

    /// <summary>dX = dY at the switches.</summary>
    public static void Backward(WorkerPool pool, float* dY, float* switches, nint planes, int windows, int size, float* dX)
        => PlaneLoop.Run(pool, planes, windows, new BackwardBody(dY, switches, windows, size, dX));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Place(float place, int size)
        => place >= 0 && place < size
            ? (int)place
            : throw new ArgumentOutOfRangeException(nameof(place), place, $"A switch of max unpooling must be in its plane, 0…{size - 1}.");

    private readonly struct ForwardBody(float* x, float* switches, int windows, int size, float* y) : IPlaneBody
    {
        [MethodImpl(Hot.Loop)]
        public void Run(nint plane)
        {
            var target = y + (plane * size);
            new Span<float>(target, size).Clear();
            for (var i = plane * windows; i < (plane + 1) * windows; i++)
                target[Place(switches[i], size)] += x[i];
        }
    }

    private readonly struct BackwardBody(float* dY, float* switches, int windows, int size, float* dX) : IPlaneBody
    {
        [MethodImpl(Hot.Loop)]
        public void Run(nint plane)
        {
            var source = dY + (plane * size);
            for (var i = plane * windows; i < (plane + 1) * windows; i++)
                dX[i] = source[Place(switches[i], size)];
        }
    }
}
