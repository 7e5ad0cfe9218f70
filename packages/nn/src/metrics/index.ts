export { accuracy, type AccuracyOptions } from './accuracy.ts';
export { confusionMatrix, f1Score, precisionScore, recallScore, type ScoreOptions } from './confusion.ts';
export { averagePrecisionScore, meanAveragePrecision, meanAveragePrecisionAtR, rocAucScore } from './ranking.ts';
