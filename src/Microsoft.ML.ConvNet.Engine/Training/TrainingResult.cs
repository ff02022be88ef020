namespace Microsoft.ML.ConvNet;

/// <summary>Where a training is.</summary>
/// <param name="Epoch">The epoch, from 1.</param>
/// <param name="Epochs">The number of epochs.</param>
/// <param name="Batch">The batches of this epoch that are done.</param>
/// <param name="Batches">The batches of an epoch.</param>
/// <param name="Loss">The mean loss of this epoch so far.</param>
/// <param name="Accuracy">The share of right predictions of this epoch so far, or NaN where there is no right and wrong.</param>
/// <param name="SamplesPerSecond">The speed of this epoch so far.</param>
/// <param name="TimeLeft">The time that the other batches and epochs will take at this speed.</param>
/// <param name="Validation">At the end of an epoch the validation, where there is one.</param>
/// <param name="EndOfEpoch">Whether this is the report at the end of an epoch.</param>
public sealed record TrainingProgress(
    int Epoch, int Epochs, int Batch, int Batches, double Loss, double Accuracy, double SamplesPerSecond, TimeSpan TimeLeft,
    Evaluation? Validation, bool EndOfEpoch)
{
    /// <summary>One line, for logs.</summary>
    public override string ToString()
    {
        var text = FormattableString.Invariant($"Epoch {Epoch}/{Epochs}: loss {Loss:F4}");
        if (!double.IsNaN(Accuracy))
            text += FormattableString.Invariant($", accuracy {Accuracy:F4}");
        if (Validation is { } validation)
        {
            text += FormattableString.Invariant($", validation loss {validation.Loss:F4}");
            if (!double.IsNaN(validation.Accuracy))
                text += FormattableString.Invariant($", validation accuracy {validation.Accuracy:F4}");
        }

        return text + FormattableString.Invariant($", {SamplesPerSecond:F0} images/s, {(long)TimeLeft.TotalHours:00}:{TimeLeft:mm\\:ss} left");
    }
}

/// <summary>How well a network does on samples.</summary>
/// <param name="Loss">The mean loss.</param>
/// <param name="Accuracy">The share of right predictions, or NaN where there is no right and wrong.</param>
public sealed record Evaluation(double Loss, double Accuracy);

/// <summary>What happened in one epoch.</summary>
/// <param name="Epoch">The epoch, from 1.</param>
/// <param name="Training">The mean loss and accuracy over the epoch, as the network changed.</param>
/// <param name="Validation">The loss and accuracy of the network at its end, where there are validation samples.</param>
public sealed record EpochResult(int Epoch, Evaluation Training, Evaluation? Validation)
{
    /// <summary>What tells better epochs from worse: the validation loss, or the training loss where there is no validation.</summary>
    public double Loss => Validation?.Loss ?? Training.Loss;
}

/// <summary>Why a training ended.</summary>
public enum StopReason
{
    /// <summary>All epochs are done.</summary>
    Completed,

    /// <summary>The loss no longer fell.</summary>
    EarlyStopping,

    /// <summary>The caller asked for it.</summary>
    Cancelled,
}

/// <summary>The end of a training.</summary>
/// <param name="Network">The trained network.</param>
/// <param name="History">All epochs that were finished.</param>
/// <param name="BestEpoch">The epoch whose values the network has; 0 for those before the first.</param>
/// <param name="StopReason">Why it ended.</param>
public sealed record TrainingResult(Network Network, IReadOnlyList<EpochResult> History, int BestEpoch, StopReason StopReason);

/// <summary>The loss of a training became infinite or not a number.</summary>
public sealed class DivergedException : Exception
{
    /// <summary>Makes an exception without a message.</summary>
    public DivergedException() { }

    /// <summary>Makes an exception with a message.</summary>
    public DivergedException(string message) : base(message) { }

    /// <summary>Makes an exception with a message and a cause.</summary>
    public DivergedException(string message, Exception innerException) : base(message, innerException) { }
}
