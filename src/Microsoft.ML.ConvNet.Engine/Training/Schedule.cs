namespace Microsoft.ML.ConvNet;

/// <summary>How the learning rate changes during training: a factor on it for each step.</summary>
public abstract record Schedule
{
    /// <summary>The same rate all the time.</summary>
    public static Schedule Constant { get; } = new ConstantSchedule();

    /// <summary>The rate times <paramref name="factor"/> after every <paramref name="epochs"/> epochs.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Epochs are below 1, or the factor is not above 0.</exception>
    public static Schedule Step(int epochs, float factor = 0.1f)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(epochs, 1);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(factor);
        return new StepSchedule(epochs, factor);
    }

    /// <summary>
    /// A linear rise from 0 during the first <paramref name="warmupEpochs"/> epochs (Goyal et al. 2017), then half a cosine
    /// down to <paramref name="final"/> of the rate at the end (Loshchilov &amp; Hutter 2017).
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative.</exception>
    public static Schedule Cosine(float warmupEpochs = 0, float final = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(warmupEpochs);
        ArgumentOutOfRangeException.ThrowIfNegative(final);
        return new CosineSchedule(warmupEpochs, final);
    }

    /// <summary>The factor for one step.</summary>
    /// <param name="step">The number of steps before this one.</param>
    /// <param name="stepsPerEpoch">The steps of one epoch.</param>
    /// <param name="epochs">The epochs of the training.</param>
    public abstract double Factor(long step, int stepsPerEpoch, int epochs);

    private sealed record ConstantSchedule : Schedule
    {
        public override double Factor(long step, int stepsPerEpoch, int epochs) => 1;
    }

    private sealed record StepSchedule(int Epochs, float Drop) : Schedule
    {
        public override double Factor(long step, int stepsPerEpoch, int epochs) => Math.Pow(Drop, step / stepsPerEpoch / Epochs);
    }

    private sealed record CosineSchedule(float WarmupEpochs, float Final) : Schedule
    {
        public override double Factor(long step, int stepsPerEpoch, int epochs)
        {
            var (warmup, total) = ((double)WarmupEpochs * stepsPerEpoch, (double)epochs * stepsPerEpoch);
            if (step < warmup)
                return (step + 1) / warmup;
            var progress = Math.Min(1, (step - warmup) / Math.Max(1, total - warmup));
            return Final + ((1 - Final) * (1 + Math.Cos(Math.PI * progress)) / 2);
        }
    }
}
