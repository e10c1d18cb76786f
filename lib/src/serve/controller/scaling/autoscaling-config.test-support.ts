import type { AutoscalingConfig } from '../../protocol/index.js';

export const autoscalingConfig = (changes: Partial<AutoscalingConfig> = {}): AutoscalingConfig => ({
  minReplicas: 1,
  maxReplicas: 10,
  initialReplicas: null,
  targetOngoingRequests: 2,
  upscaleDelayMs: 1000,
  downscaleDelayMs: 5000,
  metricsIntervalMs: 100,
  lookBackPeriodMs: 1000,
  upscalingFactor: 1,
  downscalingFactor: 1,
  ...changes,
});
