using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet;

/// <summary>
/// How the first values of a parameter are drawn. The fan of a weight is the number of inputs that one output sees, or
/// of outputs that one input reaches: filters × channels × window.
/// </summary>
public abstract record Initializer
{
    /// <summary>All zeros.</summary>
    public static Initializer Zeros { get; } = new ConstantInitializer(0);

    /// <summary>All ones.</summary>
    public static Initializer Ones { get; } = new ConstantInitializer(1);

    /// <summary>
    /// Normal with variance 2/fan-in, for layers before a ReLU (He et al. 2015, equation 10): the default of weights.
    /// </summary>
    public static Initializer He { get; } = new ScaledNormalInitializer(2, FanMode.In);

    /// <summary>
    /// Normal with variance 2/(fan-in + fan-out), for layers before a tanh or sigmoid (Glorot &amp; Bengio 2010, equation 12).
    /// </summary>
    public static Initializer Xavier { get; } = new ScaledNormalInitializer(1, FanMode.Average);

    /// <summary>
    /// The weights of a bilinear interpolation in each plane, for transposed convolutions of kernel 2·stride with a group for each channel (Long,
    /// Shelhamer &amp; Darrell 2015, section 3.3).
    /// </summary>
    public static Initializer Bilinear { get; } = new BilinearInitializer();

    /// <summary>All elements the same number.</summary>
    public static Initializer Constant(float value) => new ConstantInitializer(value);

    /// <summary>Normal with mean 0.</summary>
    public static Initializer Normal(float standardDeviation) => new NormalInitializer(standardDeviation);

    /// <summary>Given values, in the order of the shape's axes.</summary>
    public static Initializer Values(params float[] values) => new ValuesInitializer(values);

    /// <summary>Draws the values.</summary>
    /// <param name="shape">The shape of the parameter.</param>
    /// <param name="key">The key of its random numbers; the same key gives the same values.</param>
    /// <param name="values">What to fill.</param>
    public abstract void Fill(Shape shape, ulong key, Span<float> values);

    /// <summary>
    /// The same with the fans of <paramref name="shape"/>, for weights whose own shape does not show how many inputs an output
    /// sees: those of a transposed convolution, or of several sets of filters.
    /// </summary>
    internal Initializer WithFansOf(Shape shape) => new FansInitializer(this, shape);

    private protected enum FanMode
    {
        In,
        Average,
    }

    private sealed record ConstantInitializer(float Value) : Initializer
    {
        public override void Fill(Shape shape, ulong key, Span<float> values) => values.Fill(Value);
    }

    private sealed record NormalInitializer(double StandardDeviation) : Initializer
    {
        public override void Fill(Shape shape, ulong key, Span<float> values)
        {
            for (var i = 0; i < values.Length; i++)
                values[i] = (float)(StandardDeviation * CounterRandom.Normal(key, (uint)i));
        }
    }

    private sealed record ScaledNormalInitializer(double Gain, FanMode Mode) : Initializer
    {
        public override void Fill(Shape shape, ulong key, Span<float> values)
        {
            var fanIn = shape.Plane;
            var fanOut = shape.Rank < 2 ? shape.Length : shape.Length / shape[1];
            var fan = Mode == FanMode.In ? fanIn : (fanIn + fanOut) / 2.0;
            new NormalInitializer(Math.Sqrt(Gain / fan)).Fill(shape, key, values);
        }
    }

    private sealed record FansInitializer(Initializer Source, Shape FanShape) : Initializer
    {
        public override void Fill(Shape shape, ulong key, Span<float> values) => Source.Fill(FanShape, key, values);
    }

    private sealed record BilinearInitializer : Initializer
    {
        public override void Fill(Shape shape, ulong key, Span<float> values)
        {
            for (var i = 0; i < values.Length; i++)
                values[i] = Tent(i / shape.W % shape.H, shape.H) * Tent(i % shape.W, shape.W);
        }

        /// <summary>1 in the middle, and less by even steps to the ends.</summary>
        private static float Tent(int place, int size)
        {
            var half = (size + 1) / 2;
            return 1 - (Math.Abs(place - ((size - 1) / 2f)) / half);
        }
    }

    private sealed record ValuesInitializer(float[] Source) : Initializer
    {
        public override void Fill(Shape shape, ulong key, Span<float> values)
        {
            if (Source.Length != values.Length)
                throw new ArgumentException($"A parameter of {shape} takes {values.Length} values; received {Source.Length}.");
            Source.CopyTo(values);
        }
    }
}
