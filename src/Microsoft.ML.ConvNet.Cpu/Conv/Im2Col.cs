using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// A sample's windows as a matrix, so that convolution is a matrix product; and the adjoint. Idea: row (c, ky, kx) of
/// the matrix is plane c shifted by the tap, with zeros where the tap falls into the padding: the valid range of a row
/// is computed once, and with stride 1 it is a copy (or an addition) of whole vectors. A volume goes tap by tap of the depth,
/// and for each tap plane by plane. Layout: C×D×H×W to (C·kernel) × (output places), the last axis fastest. Lanes: positions of a row. Channels run in parallel: a
/// channel's rows come from its plane alone, so the adjoint needs no atomics. Win: whole vectors; with the
/// matrix product a 3×3 convolution of 8×64×32×32 runs at 206 GFLOP/s on one thread.
/// </summary>
internal static unsafe class Im2Col
{
    /// <summary>columns = the windows of <paramref name="image"/>.</summary>
    public static void Run(WorkerPool pool, float* image, int channels, VolumeGeometry geometry, float* columns) =>
        pool.RunVectors(channels, new GatherJob(image, geometry, columns));

    /// <summary>image += the windows of <paramref name="columns"/>, each element added where it came from.</summary>
    public static void Accumulate(WorkerPool pool, float* columns, int channels, VolumeGeometry geometry, float* image) =>
        pool.RunVectors(channels, new ScatterJob(columns, geometry, image));

    private readonly struct GatherJob(float* image, VolumeGeometry g, float* columns) : IVectorJob
    {
        public void Execute<S, V>(int channel)
            where S : struct, ISimd<V>
            where V : struct
        {
            var source = image + (channel * g.Size);
            var target = columns + (channel * g.KernelSize * g.OutputSize);
            for (var tap = 0; tap < g.KernelDepth; tap++)
            {
                for (var z = 0; z < g.OutputDepth; z++)
                {
                    var sourceZ = (z * g.StrideZ) + (tap * g.DilationZ) - g.PaddingFront;
                    var inside = (uint)sourceZ < (uint)g.Depth;
                    Gather<S, V>(inside ? source + (sourceZ * g.Plane.PlaneSize) : null, g.Plane, Rows(target, g, tap, z), g.OutputSize);
                }
            }
        }
    }

    private readonly struct ScatterJob(float* columns, VolumeGeometry g, float* image) : IVectorJob
    {
        public void Execute<S, V>(int channel)
            where S : struct, ISimd<V>
            where V : struct
        {
            var source = columns + (channel * g.KernelSize * g.OutputSize);
            var target = image + (channel * g.Size);
            for (var tap = 0; tap < g.KernelDepth; tap++)
            {
                for (var z = 0; z < g.OutputDepth; z++)
                {
                    var targetZ = (z * g.StrideZ) + (tap * g.DilationZ) - g.PaddingFront;
                    if ((uint)targetZ < (uint)g.Depth)
                        Scatter<S, V>(Rows(source, g, tap, z), g.OutputSize, g.Plane, target + (targetZ * g.Plane.PlaneSize));
                }
            }
        }
    }

    /// <summary>Where the rows of one tap of the depth begin, at the places of one plane of the output.</summary>
    private static float* Rows(float* columns, in VolumeGeometry g, int tap, int z) =>
        columns + (tap * g.Plane.KernelSize * g.OutputSize) + (z * g.Plane.OutputSize);

    /// <summary>Rows of one plane's windows, <paramref name="rowSize"/> floats apart; zeros where there is no plane.</summary>
    [MethodImpl(Hot.Loop)]
    private static void Gather<S, V>(float* plane, WindowGeometry g, float* rows, nint rowSize)
        where S : struct, ISimd<V>
        where V : struct
    {
        for (var ky = 0; ky < g.KernelHeight; ky++)
        {
            var offsetY = (ky * g.DilationY) - g.PaddingTop;
            for (var kx = 0; kx < g.KernelWidth; kx++, rows += rowSize)
            {
                var row = rows;
                var offsetX = (kx * g.DilationX) - g.PaddingLeft;
                var (first, end) = WindowGeometry.OutputsInside(offsetX, g.Width, g.StrideX, g.OutputWidth);
                for (var y = 0; y < g.OutputHeight; y++, row += g.OutputWidth)
                {
                    var sourceY = (y * g.StrideY) + offsetY;
                    if (plane == null || (uint)sourceY >= (uint)g.Height)
                    {
                        Zero<S, V>(row, g.OutputWidth);
                        continue;
                    }

                    var source = plane + ((nint)sourceY * g.Width) + offsetX;
                    Zero<S, V>(row, first);
                    if (g.StrideX == 1)
                    {
                        Copy<S, V>(source + first, row + first, end - first);
                    }
                    else
                    {
                        for (var x = first; x < end; x++)
                            row[x] = source[x * g.StrideX];
                    }

                    Zero<S, V>(row + end, g.OutputWidth - end);
                }
            }
        }
    }

    [MethodImpl(Hot.Loop)]
    private static void Scatter<S, V>(float* rows, nint rowSize, WindowGeometry g, float* plane)
        where S : struct, ISimd<V>
        where V : struct
    {
        for (var ky = 0; ky < g.KernelHeight; ky++)
        {
            var offsetY = (ky * g.DilationY) - g.PaddingTop;
            for (var kx = 0; kx < g.KernelWidth; kx++, rows += rowSize)
            {
                var row = rows;
                var offsetX = (kx * g.DilationX) - g.PaddingLeft;
                var (first, end) = WindowGeometry.OutputsInside(offsetX, g.Width, g.StrideX, g.OutputWidth);
                for (var y = 0; y < g.OutputHeight; y++, row += g.OutputWidth)
                {
                    var targetY = (y * g.StrideY) + offsetY;
                    if ((uint)targetY >= (uint)g.Height)
                        continue;

                    var target = plane + ((nint)targetY * g.Width) + offsetX;
                    if (g.StrideX == 1)
                    {
                        Add<S, V>(row + first, target + first, end - first);
                    }
                    else
                    {
                        for (var x = first; x < end; x++)
                            target[x * g.StrideX] += row[x];
                    }
                }
            }
        }
    }

    // Rows are short, often shorter than a vector: a call for each, to the runtime's own copying, cost ten times the copy.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy<S, V>(float* source, float* target, int count)
        where S : struct, ISimd<V>
        where V : struct
    {
        var i = 0;
        for (; i <= count - S.Count; i += S.Count)
            S.Store(S.Load(source + i), target + i);
        if (i < count)
            S.StoreFirst(S.LoadFirst(source + i, count - i), target + i, count - i);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add<S, V>(float* source, float* target, int count)
        where S : struct, ISimd<V>
        where V : struct
    {
        var i = 0;
        for (; i <= count - S.Count; i += S.Count)
            S.Store(S.Add(S.Load(target + i), S.Load(source + i)), target + i);
        if (i < count)
            S.StoreFirst(S.Add(S.LoadFirst(target + i, count - i), S.LoadFirst(source + i, count - i)), target + i, count - i);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Zero<S, V>(float* target, int count)
        where S : struct, ISimd<V>
        where V : struct
    {
        var i = 0;
        for (; i <= count - S.Count; i += S.Count)
            S.Store(default, target + i);
        if (i < count)
            S.StoreFirst(default, target + i, count - i);
    }
}
