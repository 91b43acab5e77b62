export type { Erasure, ErasureState, ErasureStore, KeyTopicWindow } from './ports.js';
