using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Batch normalization over N×inner of every channel. Idea: mean and variance in one pass over the distances from a number near the mean, so that
/// a large mean costs no digits; x̂ is never stored but recomputed from x, and so is the sign of a fused ReLU. Layout: N×C×inner, or
/// N×(C/L)×inner×L. Lanes: positions of a plane, or channels where a plane is one element or the layout has them.
/// Win: the statistics of 32×64×32×32 in 90 µs on one thread, 8 MB of x read once (AVX-512; `benchmarks -- kernels --threads 1`).
/// </summary>
internal static unsafe class BatchNorm
{
    /// <summary>So many values of the first sample are averaged for the number that distances are taken from.</summary>
    private const int ShiftSamples = 16;

    /// <summary>mean[c] and the biased variance[c], of at least one sample.</summary>
    public static void Statistics(WorkerPool pool, float* x, ChannelShape shape, float* mean, float* variance)
    {
        var count = (double)shape.Batch * shape.Inner;
        var shift = Scratch.Get(ScratchUse.BatchNorm, 3 * shape.Channels);
        var (sum, squares) = ((nint)(shift + shape.Channels), (nint)(shift + (2 * shape.Channels)));
        for (var c = 0; c < shape.Channels; c++)
            shift[c] = FirstMean(x + shape.First(c), shape);
        ChannelReduction.Run(pool, shape, new ChannelValues(shift), new Distances(x), (float*)sum, (float*)squares);
        for (var c = 0; c < shape.Channels; c++)
        {
            var distance = ((float*)sum)[c] / count;
            mean[c] = (float)(shift[c] + distance);
            variance[c] = (float)Math.Max(0, (((float*)squares)[c] / count) - (distance * distance));
        }
    }

    private static float FirstMean(float* channel, ChannelShape shape)
    {
        var count = (int)Math.Min(ShiftSamples, shape.Inner);
        var sum = 0f;
        for (var i = 0; i < count; i++)
            sum += channel[i * shape.Lanes];
        return sum / count;
    }

    /// <summary>
    /// y = (x − mean)·gamma / √(variance + epsilon) + beta, plus an addend unless it is null, then ReLU. May run in place of either.
    /// </summary>
    public static void Normalize(
        WorkerPool pool, float* x, ChannelShape shape, float* mean, float* variance, float* gamma, float* beta, float epsilon,
        float* y, float* addend = null, bool relu = false)
    {
        var scale = Scratch.Get(ScratchUse.BatchNorm, shape.Channels);
        for (var c = 0; c < shape.Channels; c++)
            scale[c] = gamma[c] * InverseDeviation(variance[c], epsilon);
        var values = new ChannelValues(mean, scale, beta);
        if (addend != null)
            ChannelLoop.Run(pool, shape, values, new NormalizeAddBody(x, addend, relu, y));
        else if (relu)
            ChannelLoop.Run(pool, shape, values, new NormalizeReluBody(x, y));
        else
            ChannelLoop.Run(pool, shape, values, new NormalizeBody(x, y));
    }

    /// <summary>
    /// dBeta[c] = Σ dY and dGamma[c] = Σ dY·x̂. With a gamma and beta that are not null, dY is that of a ReLU after the normalisation.
    /// </summary>
    public static void ParameterGradients(
        WorkerPool pool, float* x, float* dY, ChannelShape shape, float* mean, float* variance, float epsilon,
        float* dGamma, float* dBeta, float* gamma = null, float* beta = null)
    {
        if (gamma == null)
        {
            ChannelReduction.Run(pool, shape, new ChannelValues(mean), new Products(x, dY), dBeta, dGamma);
        }
        else
        {
            var scale = Scratch.Get(ScratchUse.BatchNorm, shape.Channels);
            for (var c = 0; c < shape.Channels; c++)
                scale[c] = gamma[c] * InverseDeviation(variance[c], epsilon);
            ChannelReduction.Run(pool, shape, new ChannelValues(mean, scale, beta), new ReluProducts(x, dY), dBeta, dGamma);
        }

        for (var c = 0; c < shape.Channels; c++)
            dGamma[c] *= InverseDeviation(variance[c], epsilon);
    }

    /// <summary>
    /// dX = gamma / √(variance + epsilon)·(dY − dBeta/count − x̂·dGamma/count), where mean and variance are the batch's.
    /// <paramref name="dX"/> may be <paramref name="dY"/>. With a beta that is not null, dY is that of a ReLU after the normalisation.
    /// </summary>
    public static void InputGradient(
        WorkerPool pool, float* x, float* dY, ChannelShape shape, float* mean, float* variance, float* gamma, float epsilon,
        float* dGamma, float* dBeta, float* dX, float* beta = null)
    {
        var count = (float)((double)shape.Batch * shape.Inner);
        var ofGradient = Scratch.Get(ScratchUse.BatchNorm, 3 * (nint)shape.Channels);
        var ofDistance = ofGradient + shape.Channels;
        var offset = ofDistance + shape.Channels;
        for (var c = 0; c < shape.Channels; c++)
        {
            var inverse = InverseDeviation(variance[c], epsilon);
            ofGradient[c] = gamma[c] * inverse;
            ofDistance[c] = -ofGradient[c] * inverse * dGamma[c] / count;
            offset[c] = -ofGradient[c] * dBeta[c] / count;
        }

        var values = new ChannelValues(mean, ofGradient, ofDistance, offset, beta);
        if (beta == null)
            ChannelLoop.Run(pool, shape, values, new GradientBody(x, dY, dX));
        else
            ChannelLoop.Run(pool, shape, values, new ReluGradientBody(x, dY, dX));
    }

    /// <summary>
    /// dX = gamma / √(variance + epsilon)·dY, where mean and variance do not depend on x. <paramref name="dX"/> may be
    /// <paramref name="dY"/>. With a beta that is not null, dY is that of a ReLU after the normalisation.
    /// </summary>
    public static void InputGradientOfGivenStatistics(
        WorkerPool pool, float* x, float* dY, ChannelShape shape, float* mean, float* variance, float* gamma, float epsilon, float* dX, float* beta = null)
    {
        var scale = Scratch.Get(ScratchUse.BatchNorm, 2 * shape.Channels);
        var zero = scale + shape.Channels;
        new Span<float>(zero, shape.Channels).Clear();
        for (var c = 0; c < shape.Channels; c++)
            scale[c] = gamma[c] * InverseDeviation(variance[c], epsilon);
        if (beta == null)
            ChannelPointwise.Map(pool, dY, scale, dX, shape, default(Multiply));
        else
            ChannelLoop.Run(pool, shape, new ChannelValues(mean, scale, zero, zero, beta), new ReluGradientBody(x, dY, dX));
    }

    private static float InverseDeviation(float variance, float epsilon) => 1f / MathF.Sqrt(variance + epsilon);

    /// <summary>Σ (x − shift) and Σ (x − shift)².</summary>
    private readonly struct Distances(float* x) : IChannelTerms
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add<S, V, L>(nint i, V shift, V b, V c, L lanes, ref V first, ref V second)
            where S : struct, ISimd<V>
            where V : struct
            where L : struct, ILanes<V>
        {
            var distance = lanes.Fill(S.Subtract(lanes.Load(x + i), shift), 0f);
            first = S.Add(first, distance);
            second = S.MultiplyAdd(distance, distance, second);
        }
    }

    /// <summary>Σ dY and Σ dY·(x − mean); a lane that is not there loads dY = 0.</summary>
    private readonly struct Products(float* x, float* dY) : IChannelTerms
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add<S, V, L>(nint i, V mean, V b, V c, L lanes, ref V first, ref V second)
            where S : struct, ISimd<V>
            where V : struct
            where L : struct, ILanes<V>
        {
            var gradient = lanes.Load(dY + i);
            first = S.Add(first, gradient);
            second = S.MultiplyAdd(gradient, S.Subtract(lanes.Load(x + i), mean), second);
        }
    }

    /// <summary>The same where the normalised value is positive.</summary>
    private readonly struct ReluProducts(float* x, float* dY) : IChannelTerms
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add<S, V, L>(nint i, V mean, V scale, V beta, L lanes, ref V first, ref V second)
            where S : struct, ISimd<V>
            where V : struct
            where L : struct, ILanes<V>
        {
            var distance = S.Subtract(lanes.Load(x + i), mean);
            var gradient = WherePositive<S, V>(S.MultiplyAdd(distance, scale, beta), lanes.Load(dY + i));
            first = S.Add(first, gradient);
            second = S.MultiplyAdd(gradient, distance, second);
        }
    }

    private readonly struct NormalizeBody(float* x, float* y) : IChannelBody
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Step<S, V, L>(nint i, V mean, V scale, V beta, V d, V e, L lanes)
            where S : struct, ISimd<V>
            where V : struct
            where L : struct, ILanes<V> =>
            lanes.Store(S.MultiplyAdd(S.Subtract(lanes.Load(x + i), mean), scale, beta), y + i);
    }

    private readonly struct NormalizeReluBody(float* x, float* y) : IChannelBody
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Step<S, V, L>(nint i, V mean, V scale, V beta, V d, V e, L lanes)
            where S : struct, ISimd<V>
            where V : struct
            where L : struct, ILanes<V> =>
            lanes.Store(default(Relu).Apply<S, V>(S.MultiplyAdd(S.Subtract(lanes.Load(x + i), mean), scale, beta)), y + i);
    }

    private readonly struct NormalizeAddBody(float* x, float* addend, bool relu, float* y) : IChannelBody
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Step<S, V, L>(nint i, V mean, V scale, V beta, V d, V e, L lanes)
            where S : struct, ISimd<V>
            where V : struct
            where L : struct, ILanes<V>
        {
            var sum = S.Add(S.MultiplyAdd(S.Subtract(lanes.Load(x + i), mean), scale, beta), lanes.Load(addend + i));
            lanes.Store(relu ? default(Relu).Apply<S, V>(sum) : sum, y + i);
        }
    }

    private readonly struct GradientBody(float* x, float* dY, float* dX) : IChannelBody
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Step<S, V, L>(nint i, V mean, V ofGradient, V ofDistance, V offset, V e, L lanes)
            where S : struct, ISimd<V>
            where V : struct
            where L : struct, ILanes<V>
        {
            var distance = S.Subtract(lanes.Load(x + i), mean);
            var sum = S.MultiplyAdd(ofDistance, distance, offset);
            lanes.Store(S.MultiplyAdd(ofGradient, lanes.Load(dY + i), sum), dX + i);
        }
    }

    /// <summary>The same for a gradient after a ReLU: the factor of the gradient is also that of x.</summary>
    private readonly struct ReluGradientBody(float* x, float* dY, float* dX) : IChannelBody
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Step<S, V, L>(nint i, V mean, V ofGradient, V ofDistance, V offset, V beta, L lanes)
            where S : struct, ISimd<V>
            where V : struct
            where L : struct, ILanes<V>
        {
            var distance = S.Subtract(lanes.Load(x + i), mean);
            var gradient = WherePositive<S, V>(S.MultiplyAdd(distance, ofGradient, beta), lanes.Load(dY + i));
            lanes.Store(S.MultiplyAdd(ofGradient, gradient, S.MultiplyAdd(ofDistance, distance, offset)), dX + i);
        }
    }

    /// <summary>The gradient of a ReLU.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V WherePositive<S, V>(V value, V gradient)
        where S : struct, ISimd<V>
        where V : struct => S.Select(S.GreaterThan(value, default), gradient, default);
}
